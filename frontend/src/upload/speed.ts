const WINDOW_MS = 8_000;

/** How fast bytes move, over the last seconds. */
export class SpeedMeter {
  #samples: { at: number; bytes: number }[] = [];

  add(bytes: number, at: number): void {
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > WINDOW_MS) {
      this.#samples.shift();
    }
  }

  /** Bytes a second, or undefined while too little is known. */
  perSecond(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < 500) return undefined;
    return Math.max(0, ((last.bytes - first.bytes) / (last.at - first.at)) * 1000);
  }

  reset(): void {
    this.#samples = [];
  }
}
