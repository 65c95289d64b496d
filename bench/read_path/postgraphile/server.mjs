// PostGraphile over the measured registry: one process, row security of its own, tokens verified at every request.
// It is set up as its documentation says for production, and left alone otherwise.
import { createServer } from "node:http";
import jwt from "jsonwebtoken";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const secret = process.env.PEER_SECRET;
const verification = { algorithms: ["HS256"], audience: "postgraphile" };

const readClaims = (authorization) => {
  const [scheme, token] = (authorization ?? "").split(" ");
  if (scheme !== "Bearer") throw Object.assign(new Error("a token is needed"), { statusCode: 401 });
  return jwt.verify(token, secret, verification);
};

const preset = {
  extends: [PostGraphileAmberPreset],
  // It would leave out orders and relations of views, which have no index of their own.
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  pgServices: [
    makePgService({
      connectionString: process.env.PEER_DATABASE,
      schemas: ["peer"],
      poolConfig: { max: 4 },
    }),
  ],
  grafserv: { graphqlPath: "/graphql", graphiql: false, websockets: false, watch: false },
  grafast: {
    explain: false,
    context(requestContext) {
      const claims = readClaims(requestContext.node?.req.headers.authorization);
      return {
        pgSettings: {
          role: claims.role,
          "jwt.claims.account": claims.account,
          "jwt.claims.agency_id": claims.agency_id,
        },
      };
    },
  },
};

const instance = postgraphile(preset);
const server = createServer();
server.keepAliveTimeout = 60_000;
await instance.createServ(grafserv).addTo(server);
await instance.getSchema();
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
for (const ending of ["SIGTERM", "SIGINT"]) process.once(ending, () => process.exit(0));
