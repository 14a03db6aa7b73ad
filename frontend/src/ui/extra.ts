import { type ComponentType, lazy } from 'react';

/** A part of the page that comes later. What cannot be loaded is left out: the page goes on without. */
export const extra = (load: () => Promise<{ default: ComponentType }>) =>
  lazy(() => load().catch(() => ({ default: () => null })));
