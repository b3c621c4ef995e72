// The request's schema for calls of one tool: `input.action.arguments` is what the tool's own schema says, closed, so that a policy which
// reads an argument that cannot exist fails its check.

import type { ToolDefinition } from "./catalogue.ts";
import { requestShape } from "./documents.ts";
import { documentSchema, type JsonSchema } from "./schema.ts";

export function requestSchemaFor(tool: ToolDefinition): JsonSchema {
  const whole = documentSchema(requestShape, `request for ${tool.name}`);
  const properties = whole.properties as Record<string, JsonSchema>;
  const action = properties.action ?? {};
  const members = action.properties as Record<string, JsonSchema>;
  const input = tool.inputSchema as JsonSchema;
  const args = { ...input, type: "object", additionalProperties: input.additionalProperties ?? false };
  return {
    ...whole,
    properties: { ...properties, action: { ...action, properties: { ...members, arguments: args } } },
  };
}
