import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import type { Status } from './controller';

const HIDE_AFTER_MS = 2_500;

interface FullscreenVideo extends HTMLVideoElement {
  /** iPhones only make the element itself full screen. */
  webkitEnterFullscreen?(): void;
}

export function useFullscreen(root: RefObject<HTMLElement | null>) {
  const [active, setActive] = useState(false);
  useEffect(() => {
    const update = () => setActive(document.fullscreenElement === root.current);
    document.addEventListener('fullscreenchange', update);
    return () => document.removeEventListener('fullscreenchange', update);
  }, [root]);
  const toggle = useCallback(() => {
    const element = root.current;
    if (!element) return;
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (element.requestFullscreen) element.requestFullscreen().catch(() => undefined);
    else element.querySelector<FullscreenVideo>('video')?.webkitEnterFullscreen?.();
  }, [root]);
  return { active, toggle };
}

export function usePictureInPicture(video: HTMLVideoElement | null): boolean {
  const [active, setActive] = useState(false);
  useEffect(() => {
    if (!video) return;
    const enter = () => setActive(true);
    const leave = () => setActive(false);
    video.addEventListener('enterpictureinpicture', enter);
    video.addEventListener('leavepictureinpicture', leave);
    return () => {
      video.removeEventListener('enterpictureinpicture', enter);
      video.removeEventListener('leavepictureinpicture', leave);
    };
  }, [video]);
  return active;
}

/** Hides the controls while a film plays and nobody moves or uses them. */
export function useIdle(root: RefObject<HTMLElement | null>, status: Status, menuOpen: boolean) {
  const [idle, setIdle] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const wake = useCallback(() => {
    setIdle(false);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setIdle(true), HIDE_AFTER_MS);
  }, []);
  useEffect(() => {
    const surface = root.current;
    const sleep = () => setIdle(true);
    const waking = ['pointermove', 'pointerdown', 'focusin'];
    for (const name of waking) surface?.addEventListener(name, wake);
    surface?.addEventListener('pointerleave', sleep);
    wake();
    return () => {
      clearTimeout(timer.current);
      for (const name of waking) surface?.removeEventListener(name, wake);
      surface?.removeEventListener('pointerleave', sleep);
    };
  }, [root, wake]);
  return { hidden: idle && status === 'playing' && !menuOpen, wake };
}
