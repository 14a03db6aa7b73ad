// An OpenID provider (oidc-provider) for tests: oidc.mjs HOME FOLDER PORT REDIRECT_URI
//
// HOME has node_modules. Whoever comes with the cookie `who=NAME` is NAME, without being asked. PORT 0
// takes a free one; FOLDER/port has it once the provider listens. After GET /swap the clients get the
// last ID token of the client `other` instead of their own.
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [home, folder, port, redirect] = process.argv.slice(2);
const library = join(home, 'node_modules/oidc-provider/lib/index.js');
const { default: Provider } = await import(pathToFileURL(library).href);

const client = (id) => ({
  client_id: id,
  client_secret: 'a secret: 100%',
  redirect_uris: [redirect],
});

const server = createServer();
await new Promise((resolve) => server.listen(Number(port), '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [client('films'), client('other')],
  claims: { profile: ['preferred_username', 'name'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  pkce: { required: (_, { clientId }) => clientId === 'films' },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, { uid }) => `/auto/${uid}` },
  cookies: { keys: ['of a test'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      preferred_username: id,
      name: `The ${id}`,
      email: `${id}@example.org`,
      email_verified: true,
    }),
  }),
  async loadExistingGrant({ oidc }) {
    const { client, session } = oidc;
    const grant = new oidc.provider.Grant({
      clientId: client.clientId,
      accountId: session.accountId,
    });
    grant.addOIDCScope('openid profile email');
    await grant.save();
    return grant;
  },
});

let others;
let swap = false;
provider.use(async (ctx, next) => {
  await next();
  if (ctx.path !== '/token' || !ctx.body?.id_token) return;
  if (ctx.oidc.client.clientId === 'other') others = ctx.body.id_token;
  else if (swap) ctx.body.id_token = others;
});

const usual = provider.callback();
server.on('request', async (request, response) => {
  if (request.url === '/swap') {
    swap = true;
    response.end();
  } else if (request.url.startsWith('/auto/')) {
    const who = /who=(\w+)/.exec(request.headers.cookie)[1];
    await provider.interactionFinished(request, response, { login: { accountId: who } });
  } else {
    usual(request, response);
  }
});
await writeFile(join(folder, 'fresh'), String(server.address().port));
await rename(join(folder, 'fresh'), join(folder, 'port'));
