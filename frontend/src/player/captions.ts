/** What a viewer can read along, as the engines add it to the media element. */
export interface Caption {
  label: string;
  language: string;
}

const readable = ({ kind }: TextTrack) => kind === 'captions' || kind === 'subtitles';

/** The element's text tracks, whichever engine made them. */
export class Captions {
  constructor(private readonly video: HTMLVideoElement) {}

  get list(): Caption[] {
    return this.#tracks().map(({ label, language }) => ({ label: label || language, language }));
  }

  /** Index of the one on the screen. */
  get shown(): number | undefined {
    const index = this.#tracks().findIndex((track) => track.mode === 'showing');
    return index === -1 ? undefined : index;
  }

  /** Shows one, or none; the engine hears of it from the element. */
  show(index: number | undefined): void {
    this.#tracks().forEach((track, at) => {
      const mode = at === index ? 'showing' : 'disabled';
      if (track.mode !== mode) track.mode = mode;
    });
  }

  /** Index of the one in this language, or of the first. */
  like(language: string | undefined): number | undefined {
    const list = this.list;
    if (list.length === 0) return undefined;
    return Math.max(
      0,
      list.findIndex((one) => one.language === language),
    );
  }

  #tracks(): TextTrack[] {
    // Not every environment that shows pages has them.
    return [...(this.video.textTracks ?? [])].filter(readable);
  }
}
