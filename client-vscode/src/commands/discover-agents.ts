import { randomUUID } from "node:crypto";
import * as vscode from "vscode";

import type { Agent, AgentUpdateParams, DiscoverLevel } from "../protocol";
import type { Context } from "../shared/context";
import { actOnAgent, agentActions } from "./agent-actions";
import { type Action, type Choice, Found, pick } from "./pick";

/** What to search for: the level, and the ids of the agents; all when absent. */
interface Search {
  readonly level: DiscoverLevel;
  readonly ids?: readonly string[];
}

/** Finds the agents of this machine at the level that the user picks, and offers actions for each. */
export async function discoverAgents(context: Context): Promise<void> {
  const level = await chooseLevel();
  let search: Search | undefined = level === undefined ? undefined : { level };
  while (search !== undefined) {
    const agent = await chooseAgent(context, search);
    // To identify an agent, only that one is searched for, at level verify.
    search = agent !== undefined && (await actOnAgent(agent)) === "verify" ? { level: "verify", ids: [agent.agentId] } : undefined;
  }
}

function chooseLevel(): Promise<DiscoverLevel | undefined> {
  return pick<DiscoverLevel>({
    title: vscode.l10n.t("Discover Agents"),
    placeholder: vscode.l10n.t("Choose what the search may do"),
    empty: "",
    load: async (show) => {
      show([
        {
          label: `$(eye) ${vscode.l10n.t("Look")}`,
          detail: vscode.l10n.t("Reads files only: runs nothing and uses no network."),
          value: "static",
        },
        {
          label: `$(radio-tower) ${vscode.l10n.t("Look and probe")}`,
          detail: vscode.l10n.t("Also identifies your programs that listen on a port of this machine."),
          value: "probe",
        },
        {
          label: `$(play) ${vscode.l10n.t("Look, probe and start")}`,
          detail: vscode.l10n.t(
            "Also starts each agent for a moment, without keys and in an empty folder, to identify it. May take minutes.",
          ),
          value: "verify",
        },
      ]);
    },
  });
}

function chooseAgent(context: Context, search: Search): Promise<Agent | undefined> {
  let all = false;
  const found = new Found<Agent>(keyOf);
  const showAll: Action = {
    iconPath: new vscode.ThemeIcon("cloud-download"),
    tooltip: vscode.l10n.t("Show also what could be installed"),
    run: (again) => {
      all = true;
      again();
    },
  };
  return pick<Agent>({
    title: vscode.l10n.t("Agents of This Machine"),
    placeholder: vscode.l10n.t("Choose an agent to see what can be done"),
    empty: vscode.l10n.t("No agent was found on this machine"),
    buttons: search.ids === undefined ? [showAll] : [],
    load: async (show, token) => {
      const streamId = randomUUID();
      const updates = context.server.onNotification("agent/update", (params) => {
        const agent = agentOf(params, streamId);
        if (agent !== undefined) {
          show(found.add(agent).map(choiceOf));
        }
      });
      try {
        const { agents } = await context.server.request("agent/discover", { ...search, ...(all && { all }), streamId }, token);
        show(found.complete(agents).map(choiceOf));
      } finally {
        updates.dispose();
      }
    },
  });
}

function agentOf({ streamId, update }: AgentUpdateParams, wanted: string): Agent | undefined {
  return streamId === wanted && update.kind === "agent" ? (update.agent as Agent) : undefined;
}

/** Several records may be of one agent: its program, and each server of it that runs. */
function keyOf({ agentId, url, pid, argv }: Agent): string {
  return JSON.stringify([agentId, url, pid, argv]);
}

function choiceOf(agent: Agent): Choice<Agent> {
  const { icon, words } = stateOf(agent);
  return {
    label: `$(${icon}) ${agent.displayName}`,
    description: [agent.version, words].filter(Boolean).join(" · "),
    detail: agent.detail || agent.url || agent.argv?.join(" ") || agent.installHint || "",
    buttons: agentActions(agent),
    key: keyOf(agent),
    value: agent,
  };
}

function stateOf({ status }: Agent): { icon: string; words: string } {
  switch (status) {
    case "ready":
      return { icon: "pass", words: vscode.l10n.t("ready") };
    case "auth_required":
      return { icon: "lock", words: vscode.l10n.t("needs a log-in") };
    case "not_configured":
      return { icon: "settings-gear", words: vscode.l10n.t("not set up") };
    case "broken":
      return { icon: "error", words: vscode.l10n.t("broken") };
    case "hung":
      return { icon: "watch", words: vscode.l10n.t("did not answer") };
    case "stub":
      return { icon: "circle-slash", words: vscode.l10n.t("not the agent itself") };
    case "needs_install":
      return { icon: "cloud-download", words: vscode.l10n.t("needs to be installed") };
    case "unknown":
      return { icon: "question", words: vscode.l10n.t("found, not verified") };
  }
}
