const WINDOW_MS = 8_000;
const LEAST_MS = 500;

/** How fast bytes move, over the last seconds. */
export class SpeedMeter {
  #samples: { at: number; bytes: number }[] = [];

  add(bytes: number, at: number): void {
    this.#samples.push({ at, bytes });
    this.#forget(at);
  }

  /** Bytes a second, or undefined while too little is known. It falls to 0 when nothing moves. */
  perSecond(now: number): number | undefined {
    this.#forget(now);
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || now - first.at < LEAST_MS) return undefined;
    return Math.max(0, ((last.bytes - first.bytes) / (now - first.at)) * 1000);
  }

  reset(): void {
    this.#samples = [];
  }

  /** Keeps one sample from before the window: the window is measured from there. */
  #forget(now: number): void {
    const within = this.#samples.findIndex(({ at }) => now - at < WINDOW_MS);
    this.#samples.splice(0, within === -1 ? this.#samples.length - 1 : Math.max(0, within - 1));
  }
}
