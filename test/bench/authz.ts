// The scenario that every peer can express: roles with grants, an owner, a suspended flag, working hours, a network. Out: the Rego text,
// its data, 64 inputs in two sizes, and the same decision written for each peer.

export const AUTHZ = `package authz

default allow := false

allow if {
	admissible
	input.resource.owner == input.user.id
}

allow if {
	admissible
	some role in input.user.roles
	some grant in data.grants
	grant.role == role
	grant.action == input.action
	grant.type == input.resource.type
}

admissible if {
	not input.user.suspended
	input.context.hour >= 8
	input.context.hour < 18
	startswith(input.context.ip, "10.")
}
`;

export const ENTRYPOINT = "authz/allow";

export interface Grant {
  readonly role: string;
  readonly action: string;
  readonly type: string;
}

export interface AuthzInput {
  readonly user: {
    readonly id: string;
    readonly roles: readonly string[];
    readonly suspended: boolean;
    readonly mail: string;
  };
  readonly action: string;
  readonly resource: {
    readonly id: string;
    readonly type: string;
    readonly owner: string;
    readonly tags: readonly string[];
  };
  readonly context: { readonly hour: number; readonly ip: string; readonly agent: string };
  readonly [more: string]: unknown;
}

const ROLES = ["viewer", "editor", "auditor", "operator", "admin"];
const ACTIONS = ["read", "write", "list", "delete"];
const TYPES = ["document", "folder", "invoice", "account"];

/** Numbers below `bound`, the same ones in every run. */
export function dice(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * bound);
  };
}

/** The first 20 are those of the scenario; more of them belong to nobody who asks. */
export function grants(count: number): Grant[] {
  const found: Grant[] = [];
  for (let index = 0; index < 20; index++) {
    found.push({
      role: ROLES[index % 5]!,
      action: ACTIONS[(index >> 1) % 4]!,
      type: TYPES[(index * 7 + (index >> 2)) % 4]!,
    });
  }
  const extra: Grant[] = [];
  for (let index = 20; index < count; index++) {
    extra.push({
      role: `role-${index % 997}`,
      action: ACTIONS[index % 4]!,
      type: TYPES[(index >> 2) % 4]!,
    });
  }
  return [...extra, ...found];
}

export function inputs(large: boolean): AuthzInput[] {
  const pick = dice(7);
  return Array.from({ length: 64 }, (_, index) => {
    const first = pick(5);
    const id = `user-${pick(20)}`;
    const base = {
      user: {
        id,
        roles: Array.from({ length: 1 + pick(5) }, (_, role) => ROLES[(first + role) % 5]!),
        suspended: pick(12) === 0,
        mail: `someone.with.a.name.${index}@example.com`,
      },
      action: ACTIONS[pick(4)]!,
      resource: {
        id: `resource/${1000 + index}`,
        type: TYPES[pick(4)]!,
        owner: pick(4) === 0 ? id : `user-${pick(20)}`,
        tags: ["internal", "finance", "2026", "quarterly-report"],
      },
      context: {
        hour: pick(10) === 0 ? 22 : 8 + pick(10),
        ip: pick(12) === 0 ? "203.0.113.9" : `10.1.${pick(200)}.${pick(200)}`,
        agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
      },
      trace: `00-4bf92f3577b34da6a3ce929d0e0e${1000 + index}-00f067aa0ba902b7-01`,
    };
    if (!large) return base;
    return {
      ...base,
      headers: Object.fromEntries(
        Array.from({ length: 24 }, (_, at) => [`x-header-${at}`, `value of header ${at} / ${pick(1e6)}`]),
      ),
      lines: Array.from({ length: 60 }, (_, at) => ({
        sku: `SKU-${pick(1e6)}-${at}`,
        quantity: pick(100),
        price: pick(1e5) / 100,
        note: "as agreed with the customer",
      })),
    };
  });
}

export function byHand(all: readonly Grant[]): (input: AuthzInput) => boolean {
  return ({ user, action, resource, context }) => {
    if (user.suspended || context.hour < 8 || context.hour >= 18 || !context.ip.startsWith("10."))
      return false;
    if (resource.owner === user.id) return true;
    for (const grant of all) {
      if (grant.action === action && grant.type === resource.type && user.roles.includes(grant.role))
        return true;
    }
    return false;
  };
}
