// The applications of applications.ts by Cedar, as it is shipped for Node. In: an application's data and requests. Out: contestants. Memberships,
// folders and roles are entities of Cedar's; each call is given those of them that its request can touch, found before the clock runs.

import { createRequire } from "node:module";
import type { Contestant } from "./measure.ts";

type Lists = Readonly<Record<string, readonly string[]>>;

interface Uid {
  readonly type: string;
  readonly id: string;
}

interface Request {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
}

/** Who is a member of what, by names as `Type::id`, and the resources with their attributes. */
interface World {
  readonly policies: string;
  readonly parents: ReadonlyMap<string, readonly string[]>;
  /** What a resource's attributes are, and which of them are entities that a principal may be a member of. */
  resource(name: string): { readonly attrs: Record<string, unknown>; readonly groups: readonly string[] };
  readonly resourceType: string;
}

const uid = (name: string): Uid => {
  const at = name.indexOf("::");
  return { type: name.slice(0, at), id: name.slice(at + 2) };
};
const entity = (name: string): unknown => ({ __entity: uid(name) });

/** `user-1`, `team-2`: the type is in the name. */
const TYPES: Readonly<Record<string, string>> = { user: "User", group: "Group", team: "Team" };
const member = (name: string): string => `${TYPES[name.slice(0, name.indexOf("-"))]}::${name}`;

function add(parents: Map<string, string[]>, child: string, parent: string): void {
  const known = parents.get(child);
  if (known === undefined) parents.set(child, [parent]);
  else known.push(parent);
}

function memberships(of: Lists): Map<string, string[]> {
  return new Map(Object.entries(of).map(([name, groups]) => [member(name), groups.map(member)]));
}

function gdrive(data: Record<string, unknown>): World {
  const { members, parents: folders, viewers, owners, public: open } = data as Record<string, Lists>;
  const parents = memberships(members!);
  // Who may view a folder may view what is in it: the view of a folder is a member of the views of what lies in it.
  for (const [inner, outer] of Object.entries(folders!))
    for (const folder of outer) add(parents, `View::${folder}`, `View::${inner}`);
  for (const [folder, groups] of Object.entries(viewers!))
    for (const group of groups) add(parents, member(group), `View::${folder}`);
  return {
    policies: `
permit (principal, action in [Action::"read", Action::"share", Action::"write"], resource) when { resource.owner == principal };
permit (principal, action == Action::"read", resource) when { principal in resource.view };
permit (principal, action == Action::"read", resource) when { resource.open };`,
    parents,
    resourceType: "Document",
    resource: (name) => ({
      attrs: {
        owner: entity(member((owners as unknown as Record<string, string>)[name]!)),
        open: (open as unknown as Record<string, boolean>)[name] === true,
        view: entity(`View::${name}`),
      },
      groups: [`View::${name}`],
    }),
  };
}

const ROLES = ["readers", "triagers", "writers", "maintainers", "admins"];

function github(data: Record<string, unknown>): World {
  const { teams, repositories } = data as { teams: Lists; repositories: Record<string, Lists> };
  const parents = memberships(teams);
  for (const [name, roles] of Object.entries(repositories)) {
    ROLES.forEach((role, i) => {
      if (i > 0) add(parents, `Role::${name}/${role}`, `Role::${name}/${ROLES[i - 1]}`);
      for (const who of roles[role]!) add(parents, member(who), `Role::${name}/${role}`);
    });
  }
  return {
    policies: `
permit (principal, action in [Action::"pull", Action::"fork"], resource) when { principal in resource.readers };
permit (principal, action in [Action::"pull", Action::"fork"], resource) when { resource.open };
permit (principal, action in [Action::"push", Action::"edit_issue"], resource) when { principal in resource.writers };
permit (principal, action == Action::"triage", resource) when { principal in resource.triagers };
permit (principal, action in [Action::"add_reader", Action::"add_admin"], resource) when { principal in resource.admins };`,
    parents,
    resourceType: "Repository",
    resource: (name) => ({
      attrs: {
        ...Object.fromEntries(ROLES.map((role) => [role, entity(`Role::${name}/${role}`)])),
        open: (repositories[name] as unknown as { public: boolean }).public,
      },
      groups: ROLES.map((role) => `Role::${name}/${role}`),
    }),
  };
}

function tinytodo(data: Record<string, unknown>): World {
  const { teams, lists } = data as {
    teams: Lists;
    lists: Record<string, { owner: string; readers: string[]; editors: string[] }>;
  };
  return {
    policies: `
permit (principal, action in [Action::"CreateList", Action::"GetLists"], resource);
permit (principal, action, resource) when { resource.owner == principal };
permit (principal, action == Action::"GetList", resource) when { principal in resource.readers };
permit (principal, action in [Action::"GetList", Action::"UpdateList", Action::"CreateTask", Action::"UpdateTask", Action::"DeleteTask"], resource)
when { principal in resource.editors };`,
    parents: memberships(teams),
    resourceType: "List",
    resource: (name) => {
      const { owner, readers, editors } = lists[name]!;
      return {
        attrs: {
          owner: entity(member(owner)),
          readers: readers.map((team) => entity(member(team))),
          editors: editors.map((team) => entity(member(team))),
        },
        groups: [...readers, ...editors].map(member),
      };
    },
  };
}

const WORLDS: Readonly<Record<string, (data: Record<string, unknown>) => World>> = {
  gdrive,
  github,
  tinytodo,
};

function reach(from: readonly string[], next: (name: string) => readonly string[]): Set<string> {
  const seen = new Set(from);
  for (const name of seen) for (const other of next(name)) seen.add(other);
  return seen;
}

/** The request with the entities on the ways from its principal to the groups that its resource names. */
function callOf(world: World, children: ReadonlyMap<string, readonly string[]>, request: Request): object {
  const { parents } = world;
  const principal = member(request.principal);
  const { attrs, groups } = world.resource(request.resource);
  const above = reach([principal], (name) => parents.get(name) ?? []);
  const below = reach(groups, (name) => children.get(name) ?? []);
  const touched = new Set([principal, ...[...above].filter((name) => below.has(name))]);
  const resource = { type: world.resourceType, id: request.resource };
  return {
    principal: uid(principal),
    action: { type: "Action", id: request.action },
    resource,
    context: {},
    entities: [
      { uid: resource, attrs, parents: [] },
      ...[...touched].map((name) => ({
        uid: uid(name),
        attrs: {},
        parents: (parents.get(name) ?? []).filter((parent) => touched.has(parent)).map(uid),
      })),
    ],
  };
}

/** Cedar on the 64 requests of an application over these many entities. */
export function cedarOn(
  name: string,
  entities: number,
  data: Record<string, unknown>,
  inputs: readonly unknown[],
): Contestant[] {
  const wasm = createRequire(import.meta.url)("@cedar-policy/cedar-wasm/nodejs");
  const world = WORLDS[name]!(data);
  const children = new Map<string, string[]>();
  for (const [child, all] of world.parents) for (const parent of all) add(children, parent, child);
  const calls = inputs.map((input) => callOf(world, children, input as Request));
  const policies = { staticPolicies: world.policies };
  const parsed = wasm.preparsePolicySet(name, policies);
  if (parsed.type !== "success") throw new Error(JSON.stringify(parsed));
  const allowed = (answer: {
    type: string;
    response: { decision: string; diagnostics: { errors: unknown[] } };
  }) => {
    if (answer.type !== "success" || answer.response.diagnostics.errors.length > 0)
      throw new Error(JSON.stringify(answer));
    return answer.response.decision === "allow";
  };
  return [
    {
      name: `cedar-wasm, statefulIsAuthorized, ${name}, ${entities} entities`,
      run: (index) =>
        allowed(
          wasm.statefulIsAuthorized({
            ...calls[index & 63]!,
            preparsedPolicySetId: name,
            validateRequest: false,
          }),
        ),
    },
    {
      name: `cedar-wasm, isAuthorized, ${name}, ${entities} entities`,
      run: (index) => allowed(wasm.isAuthorized({ ...calls[index & 63]!, policies })),
    },
  ];
}
