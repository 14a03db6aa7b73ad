import createClient from 'openapi-fetch';
import { refreshing } from './refresh';
import type { paths } from './schema.gen';

export const api = createClient<paths>({ baseUrl: window.location.origin });
api.use(refreshing());
