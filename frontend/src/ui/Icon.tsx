const PATHS = {
  play: 'M8 5.500v13l11-6.500z',
  pause: 'M7 5h3.500v14H7zM13.500 5H17v14h-3.500z',
  skip: 'M6 5.500v13l8.500-6.500zM15.500 5.500H18v13h-2.500z',
  replay: 'M12 6V2.500L7 7l5 4.500V8a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z',
  volume:
    'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM14.500 8.500a4.500 4.500 0 0 1 0 7M16.500 6a8 8 0 0 1 0 12',
  muted: 'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9.500l5 5M20.500 9.500l-5 5',
  settings: 'M4 7h9M17 7h3M4 12h3M11 12h9M4 17h7M15 17h5M15 5v4M9 10v4M13 15v4',
  pip: 'M3.500 5.500h17v13h-17zM12 12h6v4.500h-6z',
  fullscreen: 'M4 9V4.500h4.500M15.500 4.500H20V9M20 15v4.500h-4.500M8.500 19.500H4V15',
  shrink: 'M8.500 4.500V9H4M20 9h-4.500V4.500M15.500 19.500V15H20M4 15h4.500v4.500',
  theatre: 'M3.500 7h17v10h-17z',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  back: 'M14.500 5.500L8 12l6.500 6.500',
  next: 'M9.500 5.500L16 12l-6.500 6.500',
  close: 'M6 6l12 12M18 6L6 18',
  search: 'M10.500 4.500a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15 15l5 5',
  upload: 'M12 16V5M7.500 9L12 4.500 16.500 9M4.500 15.500v3.500h15v-3.500',
  link: 'M10 14a4 4 0 0 0 6 .4l2.600-2.600a4 4 0 0 0-5.700-5.700L11.500 7.500M14 10a4 4 0 0 0-6-.4l-2.600 2.600a4 4 0 0 0 5.700 5.700l1.400-1.400',
  alert: 'M12 4l9 15.500H3zM12 10v4.500M12 16.800v.4',
  person:
    'M12 4.500a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.500 20c.8-3.600 3.800-5.500 7.500-5.500s6.700 1.900 7.500 5.500',
  film: 'M4 5h16v14H4zM8 5v14M16 5v14M4 9.500h4M4 14.500h4M16 9.500h4M16 14.500h4',
} as const;

const FILLED = new Set<IconName>(['play', 'pause', 'replay', 'skip']);

export type IconName = keyof typeof PATHS;

/** A picture that says nothing by itself: the control around it has the name. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      className={FILLED.has(name) ? 'icon icon-filled' : 'icon'}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
