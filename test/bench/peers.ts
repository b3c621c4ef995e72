// The decision of authz.ts by other engines for Node, each used as its documentation says. In: grants and inputs. Out: contestants.
// What a peer keeps outside of the request (roles of users, abilities) is said in its name.

import { createRequire } from "node:module";
import { createMongoAbility, type MongoAbility } from "@casl/ability";
import { celEnv, parse, plan } from "@bufbuild/cel";
import { newEnforcer, newModelFromString, StringAdapter } from "casbin";
import type { AuthzInput, Grant } from "./authz.ts";
import type { Contestant } from "./measure.ts";

export async function peers(all: readonly Grant[], inputs: readonly AuthzInput[]): Promise<Contestant[]> {
  return [...cedar(all, inputs), ...(await casbin(all, inputs)), ...casl(all, inputs), cel(all, inputs)];
}

function cedar(all: readonly Grant[], inputs: readonly AuthzInput[]): Contestant[] {
  const wasm = createRequire(import.meta.url)("@cedar-policy/cedar-wasm/nodejs");
  const admissible = 'context.hour >= 8 && context.hour < 18 && context.ip like "10.*"';
  const text = [
    ...all.map(
      ({ role, action, type }) =>
        `permit (principal in Role::"${role}", action == Action::"${action}", resource is ${type});`,
    ),
    "permit (principal, action, resource) when { resource.owner == principal };",
    `forbid (principal, action, resource) unless { !principal.suspended && ${admissible} };`,
  ].join("\n");
  const call = (input: AuthzInput) => {
    const principal = { type: "User", id: input.user.id };
    const resource = { type: input.resource.type, id: input.resource.id };
    return {
      principal,
      action: { type: "Action", id: input.action },
      resource,
      context: { hour: input.context.hour, ip: input.context.ip },
      entities: [
        {
          uid: principal,
          attrs: { suspended: input.user.suspended },
          parents: input.user.roles.map((id) => ({ type: "Role", id })),
        },
        {
          uid: resource,
          attrs: { owner: { __entity: { type: "User", id: input.resource.owner } } },
          parents: [],
        },
      ],
    };
  };
  const parsed = wasm.preparsePolicySet("bench", { staticPolicies: text });
  if (parsed.type !== "success") throw new Error(JSON.stringify(parsed));
  const allowed = (answer: { type: string; response: { decision: string } }): boolean => {
    if (answer.type !== "success") throw new Error(JSON.stringify(answer));
    return answer.response.decision === "allow";
  };
  return [
    {
      name: "cedar-wasm, statefulIsAuthorized",
      run: (index) =>
        allowed(
          wasm.statefulIsAuthorized({
            ...call(inputs[index & 63]!),
            preparsedPolicySetId: "bench",
            validateRequest: false,
          }),
        ),
    },
    {
      name: "cedar-wasm, isAuthorized",
      run: (index) =>
        allowed(wasm.isAuthorized({ ...call(inputs[index & 63]!), policies: { staticPolicies: text } })),
    },
  ];
}

const CASBIN_MODEL = `
[request_definition]
r = req, who
[policy_definition]
p = role, action, type
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = !r.req.user.suspended && r.req.context.hour >= 8 && r.req.context.hour < 18 && startsWith(r.req.context.ip, "10.") && (r.req.resource.owner == r.req.user.id || (p.action == r.req.action && p.type == r.req.resource.type && g(r.who, p.role)))
`;

async function casbin(all: readonly Grant[], inputs: readonly AuthzInput[]): Promise<Contestant[]> {
  const lines = all.map(({ role, action, type }) => `p, ${role}, ${action}, ${type}`);
  // Each of the 64 inputs brings its own roles: a name per input holds them.
  inputs.forEach(({ user }, index) => {
    for (const role of user.roles) lines.push(`g, who-${index}, ${role}`);
  });
  const enforcer = await newEnforcer(
    newModelFromString(CASBIN_MODEL),
    new StringAdapter([...new Set(lines)].join("\n")),
  );
  enforcer.addFunction("startsWith", (text: string, prefix: string) => text.startsWith(prefix));
  const names = inputs.map((_, index) => `who-${index}`);
  return [
    {
      name: "casbin, enforceSync, roles preloaded",
      run: (index) => enforcer.enforceSync(inputs[index & 63]!, names[index & 63]!),
    },
    {
      name: "casbin, enforce, roles preloaded",
      waits: true,
      run: (index) => enforcer.enforce(inputs[index & 63]!, names[index & 63]!),
    },
  ];
}

function casl(all: readonly Grant[], inputs: readonly AuthzInput[]): Contestant[] {
  const conditions = { hour: { $gte: 8, $lt: 18 }, ip: { $regex: /^10\./ } };
  const ability = ({ user }: AuthzInput): MongoAbility =>
    createMongoAbility(
      user.suspended
        ? []
        : [
            ...all
              .filter(({ role }) => user.roles.includes(role))
              .map(({ action, type }) => ({ action, subject: type, conditions })),
            { action: "manage", subject: "all", conditions: { ...conditions, owner: user.id } },
          ],
      { detectSubjectType: (subject) => (subject as unknown as { type: string }).type },
    );
  // Conditions of CASL are about the subject: what the request says besides goes into it.
  const ask = (by: MongoAbility, { action, resource, context }: AuthzInput): boolean =>
    by.can(action, {
      type: resource.type,
      owner: resource.owner,
      hour: context.hour,
      ip: context.ip,
    } as never);
  const cached = inputs.map(ability);
  return [
    {
      name: "CASL, ability built per request",
      run: (index) => ask(ability(inputs[index & 63]!), inputs[index & 63]!),
    },
    { name: "CASL, ability cached", run: (index) => ask(cached[index & 63]!, inputs[index & 63]!) },
  ];
}

function cel(all: readonly Grant[], inputs: readonly AuthzInput[]): Contestant {
  const decide = plan(
    celEnv(),
    parse(
      "!input.user.suspended && input.context.hour >= 8.0 && input.context.hour < 18.0 && " +
        'input.context.ip.startsWith("10.") && (input.resource.owner == input.user.id || grants.exists(g, ' +
        "g.action == input.action && g.type == input.resource.type && g.role in input.user.roles))",
    ),
  );
  return {
    name: "@bufbuild/cel, planned once",
    run: (index) => decide({ input: inputs[index & 63], grants: all } as never),
  };
}
