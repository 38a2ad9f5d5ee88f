// Tungsten's plugin for OpenCode: asks Tungsten's gate about every permission, and leaves
// OpenCode's own prompt as it is whenever there is no clear answer.
// `tungsten hook uninstall opencode` takes it away.
import { spawn } from "node:child_process"

const command = COMMAND

export const Tungsten = async ({ client, directory, worktree }) => {
  const calls = new Map()
  const asked = new Map()

  const hook = (said, id) =>
    new Promise((resolve) => {
      let out = ""
      const child = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "ignore"] })
      if (id) asked.set(id, child)
      const done = (text) => {
        if (id) asked.delete(id)
        resolve(text)
      }
      child.on("error", () => done(""))
      child.on("close", (status) => done(status === 0 ? out : ""))
      child.stdout.on("data", (piece) => (out += piece))
      child.stdin.on("error", () => {})
      child.stdin.end(JSON.stringify(said))
    })

  const reply = async (about, body) => {
    await client._client.post({
      url: "/permission/{requestID}/reply",
      path: { requestID: about.id },
      query: { directory },
      body,
      headers: { "Content-Type": "application/json" },
    })
  }

  const ask = async (event) => {
    const about = event.properties
    const args = about.tool ? calls.get(about.tool.callID) : undefined
    const said = { ...event, cwd: directory, worktree, args: args ?? null }
    const answer = await hook(said, about.id)
    if (answer === "allow\n") await reply(about, { reply: "once" })
    else if (answer.startsWith("deny\n"))
      await reply(about, { reply: "reject", message: answer.slice(5) })
  }

  // One after the other: what is told last must be what happened last.
  let before = Promise.resolve()
  const tell = (event) => {
    before = before.then(() => hook({ ...event, cwd: directory })).catch(() => {})
  }

  const told = new Set(["question.asked", "session.status", "session.idle", "permission.replied"])

  return {
    "tool.execute.before": async (input, output) => {
      calls.set(input.callID, output.args)
    },
    "tool.execute.after": async (input) => {
      calls.delete(input.callID)
    },
    event: async ({ event }) => {
      // Never awaited: OpenCode goes on, and its own prompt stands meanwhile.
      if (event.type === "permission.asked") ask(event).catch(() => {})
      if (event.type === "permission.replied") asked.get(event.properties.requestID)?.kill()
      if (told.has(event.type)) tell(event)
    },
  }
}
