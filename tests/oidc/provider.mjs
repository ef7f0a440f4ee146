// A certified OpenID provider (panva/node-oidc-provider) over TLS on loopback, for the system tests.
// Its own development pages take any login; the login is the subject, and the citizen's identifier.
import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { OIDC_HOME, OIDC_PORT, OIDC_CERT, OIDC_KEY, OIDC_REDIRECT, OIDC_SECRET, OIDC_ALG, OIDC_METHOD } = process.env;
const client = JSON.parse(process.env.OIDC_CLIENT ?? '{}');  // further metadata of the client
const require = createRequire(`${OIDC_HOME}/`);
const { default: Provider } = await import(require.resolve('oidc-provider'));
const { exportJWK, generateKeyPair } = await import(require.resolve('jose'));

const { privateKey } = await generateKeyPair(OIDC_ALG, { extractable: true });
const signing = { ...(await exportJWK(privateKey)), alg: OIDC_ALG, use: 'sig', kid: 'test' };
const { privateKey: standard } = await generateKeyPair('RS256', { extractable: true });
const rsa = { ...(await exportJWK(standard)), alg: 'RS256', use: 'sig', kid: 'other' };

const provider = new Provider(`https://127.0.0.1:${OIDC_PORT}`, {
  clients: [{
    client_id: 'isthmus',
    ...(OIDC_METHOD === 'none' ? {} : { client_secret: OIDC_SECRET }),
    redirect_uris: [OIDC_REDIRECT],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: OIDC_METHOD,
    id_token_signed_response_alg: OIDC_ALG,
    ...client,
  }, {  // who looks into tokens of others
    client_id: 'resource',
    client_secret: OIDC_SECRET,
    redirect_uris: [],
    response_types: [],
    grant_types: ['client_credentials'],
  }],
  jwks: { keys: OIDC_ALG === 'RS256' ? [signing] : [signing, rsa] },
  enabledJWA: {
    idTokenSigningAlgValues: ['ES256', 'RS256', 'PS256', 'EdDSA'],
    userinfoSigningAlgValues: ['ES256', 'RS256', 'PS256', 'EdDSA'],
  },
  claims: { openid: ['sub', 'national_id'] },
  conformIdTokenClaims: false,
  features: {
    clientCredentials: { enabled: true }, introspection: { enabled: true }, jwtUserinfo: { enabled: true }, encryption: { enabled: true },
  },
  pkce: { required: () => true },
  cookies: { keys: ['for tests only'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, national_id: id }) }),
});

createServer({ cert: readFileSync(OIDC_CERT), key: readFileSync(OIDC_KEY) }, provider.callback())
  .listen(Number(OIDC_PORT), '127.0.0.1', () => console.log('ready'));
