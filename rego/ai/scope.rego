# METADATA
# title: Task scope
# description: |
#   A task that lists its tools (`input.task.tools`) may write with no other. Reading stays free: what matters is what is done with what was read.
package ai.scope

import data.ai.catalogue

scoped if "tools" in object.keys(input.task)

within if not scoped

within if catalogue.reads

within if input.tool.name in input.task.tools

approvals contains {"code": "out_of_task_scope", "message": "the task does not include this tool"} if {
	catalogue.known
	not within
}
