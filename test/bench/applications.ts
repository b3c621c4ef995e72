// Three applications whose authorization is often used to compare engines (a drive of documents, a code host, a list of tasks), written in Rego from
// what is generally known of them. In: how many entities. Out: policy, data and requests. The relations are in data, as sets and maps.

import { dice } from "./authz.ts";

export interface Application {
  readonly name: string;
  readonly rego: string;
  readonly entrypoint: string;
  /** Data and requests over this many users, groups and objects each. */
  make(entities: number): { readonly data: Record<string, unknown>; readonly inputs: readonly unknown[] };
}

const names = (kind: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${kind}-${index}`);

/** Groups that are members of groups below them in number: a chain of memberships without cycles. */
function hierarchy(kind: string, count: number, pick: (bound: number) => number): Record<string, string[]> {
  return Object.fromEntries(
    names(kind, count).map((name, index) => [name, index === 0 ? [] : [`${kind}-${pick(index)}`]]),
  );
}

const inputsOf = (make: (index: number) => unknown): unknown[] =>
  Array.from({ length: 64 }, (_, index) => make(index));

const gdrive: Application = {
  name: "gdrive",
  entrypoint: "gdrive/allow",
  rego: `package gdrive

default allow := false

groups := graph.reachable(data.members, {input.principal})

folders := graph.reachable(data.parents, {input.resource})

allow if {
	input.action in {"read", "share", "write"}
	data.owners[input.resource] == input.principal
}

allow if {
	input.action == "read"
	some folder in folders
	some viewer in data.viewers[folder]
	viewer in groups
}

allow if {
	input.action == "read"
	data.public[input.resource]
}
`,
  make(entities) {
    const pick = dice(5);
    const users = names("user", entities);
    const members: Record<string, string[]> = hierarchy("group", entities, pick);
    for (const user of users) members[user] = [`group-${pick(entities)}`];
    const parents: Record<string, string[]> = hierarchy("folder", entities, pick);
    const documents = names("document", entities);
    for (const document of documents) parents[document] = [`folder-${pick(entities)}`];
    const viewers = Object.fromEntries(
      names("folder", entities).map((name) => [name, [`group-${pick(entities)}`]]),
    );
    const owners = Object.fromEntries(documents.map((name) => [name, `user-${pick(entities)}`]));
    const open = Object.fromEntries(documents.filter(() => pick(10) === 0).map((name) => [name, true]));
    return {
      data: { members, parents, viewers, owners, public: open },
      inputs: inputsOf((index) => ({
        principal: `user-${pick(entities)}`,
        action: index % 4 === 0 ? "write" : "read",
        resource: `document-${pick(entities)}`,
      })),
    };
  },
};

const github: Application = {
  name: "github",
  entrypoint: "github/allow",
  rego: `package github

default allow := false

needed := {
	"pull": "readers",
	"fork": "readers",
	"push": "writers",
	"triage": "triagers",
	"edit_issue": "writers",
	"add_reader": "admins",
	"add_admin": "admins",
}

implies := {
	"readers": {"readers", "triagers", "writers", "maintainers", "admins"},
	"triagers": {"triagers", "writers", "maintainers", "admins"},
	"writers": {"writers", "maintainers", "admins"},
	"maintainers": {"maintainers", "admins"},
	"admins": {"admins"},
}

teams := graph.reachable(data.teams, {input.principal})

allow if {
	some role in implies[needed[input.action]]
	some member in data.repositories[input.resource][role]
	member in teams
}

allow if {
	input.action in {"pull", "fork"}
	data.repositories[input.resource].public
}
`,
  make(entities) {
    const pick = dice(7);
    const teams: Record<string, string[]> = hierarchy("team", entities, pick);
    for (const user of names("user", entities)) teams[user] = [`team-${pick(entities)}`];
    const repositories = Object.fromEntries(
      names("repository", entities).map((name) => [
        name,
        {
          readers: [`team-${pick(entities)}`, `user-${pick(entities)}`],
          triagers: [`team-${pick(entities)}`],
          writers: [`team-${pick(entities)}`],
          maintainers: [`user-${pick(entities)}`],
          admins: [`user-${pick(entities)}`],
          public: pick(5) === 0,
        },
      ]),
    );
    const actions = ["pull", "push", "triage", "add_reader", "fork"];
    return {
      data: { teams, repositories },
      inputs: inputsOf((index) => ({
        principal: `user-${pick(entities)}`,
        action: actions[index % actions.length],
        resource: `repository-${pick(entities)}`,
      })),
    };
  },
};

const tinytodo: Application = {
  name: "tinytodo",
  entrypoint: "tinytodo/allow",
  rego: `package tinytodo

default allow := false

list := data.lists[input.resource]

teams := graph.reachable(data.teams, {input.principal})

allow if input.action in {"CreateList", "GetLists"}

allow if list.owner == input.principal

allow if {
	input.action == "GetList"
	some team in list.readers
	team in teams
}

allow if {
	input.action in {"GetList", "UpdateList", "CreateTask", "UpdateTask", "DeleteTask"}
	some team in list.editors
	team in teams
}
`,
  make(entities) {
    const pick = dice(11);
    const teams: Record<string, string[]> = hierarchy("team", entities, pick);
    for (const user of names("user", entities)) teams[user] = [`team-${pick(entities)}`];
    const lists = Object.fromEntries(
      names("list", entities).map((name) => [
        name,
        {
          owner: `user-${pick(entities)}`,
          readers: [`team-${pick(entities)}`],
          editors: [`team-${pick(entities)}`],
          tasks: names("task", 3),
        },
      ]),
    );
    const actions = ["GetList", "UpdateTask", "DeleteList", "CreateTask", "GetLists"];
    return {
      data: { teams, lists },
      inputs: inputsOf((index) => ({
        principal: `user-${pick(entities)}`,
        action: actions[index % actions.length],
        resource: `list-${pick(entities)}`,
      })),
    };
  },
};

export const applications: readonly Application[] = [gdrive, github, tinytodo];
