// Tickets for approvals: what the gateway hands to a client with its question, and gets back with the answer (`requestState` of MCP 2026-07-28).
// A ticket is good for one action (its digest), one principal, one task, a short time and one use. It travels through the client, so it
// is signed; what is in it is no secret. A ticket that does not fit in every point is no approval.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { encode } from "../../value/json.ts";
import type { Value } from "../../value/value.ts";

export interface TicketSubject {
  /** Digest of the action that was asked about. */
  readonly digest: string;
  readonly server: string;
  readonly task: string;
  /** Who asked: person and AI agent. */
  readonly principal: string;
}

export interface Ticket extends TicketSubject {
  /** The approval's own id: used once. */
  readonly id: string;
  readonly expiresAtMs: number;
}

const PREFIX = "reeve1.";
const DEFAULT_VALID_MS = 10 * 60_000;

export class ApprovalTickets {
  readonly #key: Uint8Array;
  readonly #nowMs: () => number;
  readonly #validMs: number;

  /** Without a key, a fresh one: tickets then end with the process. */
  constructor(options: { key?: Uint8Array; nowMs: () => number; validMs?: number }) {
    this.#key = options.key ?? randomBytes(32);
    this.#nowMs = options.nowMs;
    this.#validMs = options.validMs ?? DEFAULT_VALID_MS;
  }

  issue(subject: TicketSubject): string {
    const { digest, server, task, principal } = subject;
    const ticket: Ticket = {
      digest,
      server,
      task,
      principal,
      id: randomBytes(16).toString("base64url"),
      expiresAtMs: this.#nowMs() + this.#validMs,
    };
    const body = Buffer.from(JSON.stringify(ticket)).toString("base64url");
    return `${PREFIX}${body}.${this.#sign(body)}`;
  }

  /** Whether a state is of this kind at all; a server behind the gateway may have states of its own. */
  static isTicket(state: string): boolean {
    return state.startsWith(PREFIX);
  }

  /** The ticket if it is genuine, in time and for exactly this; otherwise one sentence that says why not. */
  check(state: string, subject: TicketSubject): Ticket | string {
    const [body = "", signature = "", ...rest] = state.slice(PREFIX.length).split(".");
    const [given, wanted] = [Buffer.from(signature), Buffer.from(this.#sign(body))];
    if (!ApprovalTickets.isTicket(state) || rest.length > 0 || given.length !== wanted.length)
      return "the approval was not asked for here";
    if (!timingSafeEqual(given, wanted)) return "the approval was not asked for here";
    const ticket = JSON.parse(Buffer.from(body, "base64url").toString()) as Ticket;
    if (this.#nowMs() > ticket.expiresAtMs) return "the approval has expired";
    if (ticket.principal !== subject.principal) return "the approval was asked for by somebody else";
    if (ticket.task !== subject.task || ticket.server !== subject.server)
      return "the approval was asked for in another task";
    if (ticket.digest !== subject.digest) return "the approval was given for another call";
    return ticket;
  }

  #sign(body: string): string {
    return createHmac("sha256", this.#key).update(`${PREFIX}${body}`).digest("base64url");
  }
}

/** What a person is asked: reasons, tool and the exact arguments. Form mode; nothing secret is asked for. */
export function elicitation(why: string, tool: string, args: Value): Record<string, unknown> {
  const call = `${tool} ${encode(args, { escapeHtml: false })}`;
  return {
    mode: "form",
    message: `${why}\nThe call: ${call}`,
    requestedSchema: {
      type: "object",
      properties: { approve: { type: "boolean", title: "Approve exactly this call, once" } },
      required: ["approve"],
    },
  };
}
