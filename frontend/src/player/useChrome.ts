import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react';
import type { Availability, Video } from '../api/types';
import { perform, type Surroundings } from './commands';
import type { PlayerController, PlayerState } from './controller';
import { actionFor, controlUses, isTyping } from './keys';
import { bestReadyRung } from './ranges';

/** Tells tests and styles, on the player's element, what it does. README.md lists these. */
export function useFacts(
  root: RefObject<HTMLElement | null>,
  state: PlayerState,
  hidden: boolean,
): void {
  const { engine, status, shown, wanted } = state;
  useLayoutEffect(() => {
    const element = root.current;
    if (!element) return;
    Object.assign(element.dataset, {
      engine,
      state: status,
      quality: shown ?? '',
      wanted: wanted ?? 'auto',
      controls: hidden ? 'hidden' : 'shown',
    });
  }, [root, engine, status, shown, wanted, hidden]);
}

/** While parts are missing, automatic quality keeps to what exists at this point. */
export function useReadyCap(
  player: PlayerController,
  state: PlayerState,
  video: Video,
  availability: Availability | undefined,
): void {
  const missing = !video.complete && availability !== undefined;
  const cap = missing
    ? bestReadyRung(availability, video.renditions, state.time, state.duration)
    : undefined;
  const name = cap?.name;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rung is the same while its name is
  useEffect(() => player.setCap(cap), [player, name]);
}

/** Listens on the whole page, as people expect; `after` gets what to announce. */
export function usePlayerKeys(
  player: PlayerController,
  around: Surroundings,
  after: (said: string | undefined) => void,
): void {
  const latest = useRef({ around, after });
  useLayoutEffect(() => {
    latest.current = { around, after };
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTyping(event.target)) return;
      if (controlUses(event.target, event.key) || document.querySelector('dialog[open]')) return;
      const action = actionFor(event);
      if (!action) return;
      event.preventDefault();
      latest.current.after(perform(action, player, latest.current.around));
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [player]);
}
