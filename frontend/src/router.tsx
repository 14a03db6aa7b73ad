import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from '@tanstack/react-router';
import { Shell } from './layout/Shell';
import { ErrorPage } from './pages/ErrorPage';
import { HomePage } from './pages/HomePage';
import { NotFoundPage } from './pages/NotFoundPage';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <NotFoundPage />,
  errorComponent: ErrorPage,
});

const home = createRoute({ getParentRoute: () => root, path: '/', component: HomePage });

const search = createRoute({
  getParentRoute: () => root,
  path: '/search',
  validateSearch: (raw: Record<string, unknown>) => ({ q: String(raw.q ?? '') }),
  component: lazyRouteComponent(() => import('./pages/SearchPage'), 'SearchPage'),
});

const upload = createRoute({
  getParentRoute: () => root,
  path: '/upload',
  component: lazyRouteComponent(() => import('./pages/UploadPage'), 'UploadPage'),
});

interface WatchSearch {
  t?: number;
  engine?: string;
}

const watch = createRoute({
  getParentRoute: () => root,
  path: '/watch/$id',
  validateSearch: (raw: Record<string, unknown>): WatchSearch => {
    const seconds = Number(raw.t);
    return {
      ...(raw.t !== undefined && seconds >= 0 ? { t: seconds } : {}),
      ...(typeof raw.engine === 'string' ? { engine: raw.engine } : {}),
    };
  },
  component: lazyRouteComponent(() => import('./pages/WatchPage'), 'WatchPage'),
});

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
const optional = <K extends string>(key: K, value: unknown) =>
  (text(value) === undefined ? {} : { [key]: text(value) }) as { [key in K]?: string };

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (raw: Record<string, unknown>): { to?: string; oidc?: string } => ({
    ...optional('to', raw.to),
    ...optional('oidc', raw.oidc),
  }),
  component: lazyRouteComponent(() => import('./pages/SignInPage'), 'SignInPage'),
});

const signUp = createRoute({
  getParentRoute: () => root,
  path: '/sign-up',
  validateSearch: (raw: Record<string, unknown>): { to?: string; invitation?: string } => ({
    ...optional('to', raw.to),
    ...optional('invitation', raw.invitation),
  }),
  component: lazyRouteComponent(() => import('./pages/SignUpPage'), 'SignUpPage'),
});

/** What a one-time link carries. */
const token = (raw: Record<string, unknown>) => ({ token: text(raw.token) ?? '' });

const claim = createRoute({
  getParentRoute: () => root,
  path: '/claim',
  validateSearch: token,
  component: lazyRouteComponent(() => import('./pages/ClaimPage'), 'ClaimPage'),
});

const forgotten = createRoute({
  getParentRoute: () => root,
  path: '/forgotten',
  component: lazyRouteComponent(() => import('./pages/ForgottenPage'), 'ForgottenPage'),
});

const reset = createRoute({
  getParentRoute: () => root,
  path: '/reset-password',
  validateSearch: token,
  component: lazyRouteComponent(() => import('./pages/ResetPage'), 'ResetPage'),
});

const account = createRoute({
  getParentRoute: () => root,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/AccountPage'), 'AccountPage'),
});

const studio = createRoute({
  getParentRoute: () => root,
  path: '/studio',
  component: lazyRouteComponent(() => import('./pages/StudioPage'), 'StudioPage'),
});

const edit = createRoute({
  getParentRoute: () => root,
  path: '/studio/$id',
  component: lazyRouteComponent(() => import('./pages/EditPage'), 'EditPage'),
});

/** By what others chose for their films. */
const browse = createRoute({
  getParentRoute: () => root,
  path: '/browse/$by/$name',
  component: lazyRouteComponent(() => import('./pages/BrowsePage'), 'BrowsePage'),
});

const admin = createRoute({
  getParentRoute: () => root,
  path: '/admin',
  validateSearch: (raw: Record<string, unknown>) => optional('tab', raw.tab),
  component: lazyRouteComponent(() => import('./pages/AdminPage'), 'AdminPage'),
});

const routeTree = root.addChildren([
  home,
  search,
  upload,
  watch,
  signIn,
  signUp,
  claim,
  forgotten,
  reset,
  account,
  studio,
  edit,
  browse,
  admin,
]);

const options = {
  routeTree,
  defaultErrorComponent: ErrorPage,
  defaultPreload: 'intent',
  scrollRestoration: true,
  // Plain strings in the address: `?q=2024` is a text and stays one.
  parseSearch: (text: string) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search: Record<string, unknown>) => {
    const entries = Object.entries(search).filter(([, value]) => value !== undefined);
    const text = new URLSearchParams(
      entries.map(([key, value]) => [key, String(value)]),
    ).toString();
    return text === '' ? '' : `?${text}`;
  },
} as const;

/** `history` is the browser's own unless a test brings one. */
export const makeRouter = (history?: RouterHistory) =>
  createRouter(history ? { ...options, history } : options);

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
