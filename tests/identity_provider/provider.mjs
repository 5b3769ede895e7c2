// An OpenID Connect provider for tests: any name signs in, its claims come from the name itself.
// Usage: node provider.mjs PORT REDIRECT_URI; it ends when its standard input closes.
import Provider from 'oidc-provider';

const [port, redirectUri] = [Number(process.argv[2]), process.argv[3]];
const issuer = `http://127.0.0.1:${port}`;

// "ann@acme.test+org=acme" signs in as ann@acme.test with the organisation claim "acme".
function claimsOf(id) {
  const [email, organisation] = id.split('+org=');
  return { sub: id, email, email_verified: !email.startsWith('unverified'), name: email.split('@')[0], organisation };
}

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'carryover', client_secret: 'test-only-secret', redirect_uris: [redirectUri],
    grant_types: ['authorization_code'], response_types: ['code'],
  }],
  // The product reads the ID token, as most providers fill it.
  conformIdTokenClaims: false,
  claims: { openid: ['sub', 'organisation'], email: ['email', 'email_verified'], profile: ['name'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => claimsOf(id) }),
  pkce: { required: () => false },
  ttl: { IdToken: Number(process.env.ID_TOKEN_SECONDS ?? 3600) },
  cookies: { keys: ['test-only'] },
});

const server = provider.listen(port, '127.0.0.1', () => console.log(`ready ${issuer}`));
process.stdin.resume();
process.stdin.on('end', () => { server.close(); process.exit(0); });
