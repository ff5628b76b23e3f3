import * as vscode from "vscode";

import type { BudgetStatus, Connection, Health, ListModelResult, Provider, StatusProviderResult } from "../protocol";
import type { Context } from "../shared/context";
import { type Credit, Credits } from "../shared/credits";
import { failureOf } from "../shared/failure";
import { ownName, sourceOf } from "../shared/naming";
import { isReady } from "../shared/origin";
import { restOf } from "../shared/rests";
import {
  budgetItem,
  type BudgetNode,
  budgetsItem,
  type BudgetsNode,
  creditItem,
  type CreditNode,
  modelItem,
  type ModelNode,
  problemItem,
  type ProblemNode,
  providerItem,
  type ProviderNode,
} from "./nodes";

/** A rest that is over before anyone could read of it is not waited for more often than this. */
const SHORTEST_REST_MS = 1000;

/** Calls come in bursts, for which the budgets are requested once. */
const REFRESH_DELAY_MS = 500;

type Node = ProviderNode | ModelNode | ProblemNode | BudgetsNode | BudgetNode | CreditNode;

const BUDGETS: BudgetsNode = { kind: "budgets" };

/** Shows the providers in use and their models in the activity bar. */
export function registerProviders(context: Context): void {
  const { subscriptions } = context.extension;
  const tree = new ProviderTree(context);
  subscriptions.push(
    tree,
    vscode.window.createTreeView("modelport.providers", { treeDataProvider: tree, showCollapseAll: true }),
    vscode.commands.registerCommand("modelport.refreshProviders", () => tree.refresh()),
  );
}

class ProviderTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Node | undefined>();
  private readonly subscriptions: vscode.Disposable;
  /** The providers whose models the next request fetches again, because Refresh was pressed. */
  private readonly stale = new Set<string>();
  /** Shows the tree again when the first provider that rests may be called again. */
  private restTimer: NodeJS.Timeout | undefined;
  /** Whether the last call of each provider succeeded. */
  private readonly succeeded = new Map<string, boolean>();
  /** The providers with several connections: a call does not say which of them it was made with. */
  private several: ReadonlySet<string> = new Set();
  private readonly credits: Credits;
  /** The credits that have been received, by provider. */
  private readonly shownCredits = new Map<string, Credit>();
  /** The budgets when they were last requested. */
  private budgets: readonly BudgetStatus[] = [];
  private budgetTimer: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly context: Context) {
    this.credits = new Credits(context.server.background);
    this.subscriptions = vscode.Disposable.from(
      this.changed,
      context.onDidChangeModels(() => this.changed.fire(undefined)),
      context.server.onNotification("usage/updated", ({ call }) => {
        this.budgetsSoon();
        const succeeded = call.outcome !== "failed";
        if (this.succeeded.get(call.provider) !== succeeded || this.several.has(call.provider)) {
          this.succeeded.set(call.provider, succeeded);
          this.changed.fire(undefined);
        }
      }),
      context.server.onDidChangeState(({ kind }) => {
        // While it starts there is nothing new to show, and the request of this view may have started it.
        if (kind === "running" || kind === "failed") {
          this.changed.fire(undefined);
        }
      }),
    );
  }

  dispose(): void {
    clearTimeout(this.restTimer);
    clearTimeout(this.budgetTimer);
    this.subscriptions.dispose();
  }

  /** Fetches everything again; also tries to start a server that has failed to start. */
  async refresh(): Promise<void> {
    this.credits.clear();
    try {
      for (const node of await this.inUse()) {
        this.stale.add(nameIn(node));
      }
    } catch (error) {
      this.context.log.warn(`The providers cannot be listed: ${failureOf(error).message}`);
    }
    this.changed.fire(undefined);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case "provider":
        return providerItem(node);
      case "model":
        return modelItem(node);
      case "problem":
        return problemItem(node);
      case "budgets":
        return budgetsItem();
      case "budget":
        return budgetItem(node);
      case "credit":
        return creditItem(node);
    }
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node === undefined) {
      return this.providers();
    }
    if (node.kind === "budgets") {
      return this.budgets.map((budget): BudgetNode => ({ kind: "budget", budget }));
    }
    return node.kind === "provider" ? [...this.credit(node), ...(await this.models(node))] : [];
  }

  private async providers(): Promise<Node[]> {
    const failed = this.context.server.state.kind === "failed";
    void vscode.commands.executeCommand("setContext", "modelport.failed", failed);
    if (failed) {
      // The view shows its text for a failed server; showing it must not start the server again.
      return [];
    }
    try {
      const [nodes, budgets] = await Promise.all([this.inUse(), this.listBudgets()]);
      this.budgets = budgets;
      return budgets.length > 0 ? [BUDGETS, ...nodes] : nodes;
    } catch (error) {
      this.context.log.debug(`The providers cannot be shown: ${failureOf(error).message}`);
      return [];
    }
  }

  private async inUse(): Promise<ProviderNode[]> {
    const { server } = this.context;
    const [{ providers }, status] = await Promise.all([
      server.request("provider/list", {}),
      server.request("provider/status", {}),
    ]);
    const named = status.connections.filter((one) => ownName(one) !== undefined);
    this.several = new Set(named.map((one) => one.provider));
    this.showAgainAfterRest(status);
    return providers
      .filter((provider) => provider.supported && isReady(provider))
      .flatMap((provider) => nodesOf(provider, status));
  }

  /** The budgets; none from a server of an earlier version. */
  private async listBudgets(): Promise<readonly BudgetStatus[]> {
    try {
      return (await this.context.server.background.request("budget/list", {})).budgets;
    } catch {
      return [];
    }
  }

  /** Shows how far the budgets are used up after a call; the rest of the tree only where the first one came or the last one went. */
  private budgetsSoon(): void {
    clearTimeout(this.budgetTimer);
    this.budgetTimer = setTimeout(() => void this.showBudgets(), REFRESH_DELAY_MS);
  }

  private async showBudgets(): Promise<void> {
    if (this.context.server.state.kind !== "running") {
      return;
    }
    const shown = this.budgets.length > 0;
    this.budgets = await this.listBudgets();
    if (shown || this.budgets.length > 0) {
      this.changed.fire(shown && this.budgets.length > 0 ? BUDGETS : undefined);
    }
  }

  /** The credit of a provider as far as it is known; one that is received later is shown then, and nothing waits for it. */
  private credit(node: ProviderNode): CreditNode[] {
    const { provider, connection, health } = node;
    // A connection with a name of its own may have another account.
    if (connection !== undefined) {
      return [];
    }
    void this.credits.of(provider, health, this.stale.has(provider.id)).then((credit) => {
      if (credit !== this.shownCredits.get(provider.id)) {
        if (credit === undefined) {
          this.shownCredits.delete(provider.id);
        } else {
          this.shownCredits.set(provider.id, credit);
        }
        this.changed.fire(node);
      }
    });
    const known = this.shownCredits.get(provider.id);
    return known === undefined ? [] : [{ kind: "credit", provider: provider.id, credit: known }];
  }

  private showAgainAfterRest({ health }: StatusProviderResult): void {
    clearTimeout(this.restTimer);
    const waits = health.map(restOf).flatMap((rest) => (rest === undefined ? [] : [rest.retryAfterMs]));
    if (waits.length > 0) {
      this.restTimer = setTimeout(() => this.changed.fire(undefined), Math.max(Math.min(...waits), SHORTEST_REST_MS));
    }
  }

  /** The models from the server's cache; the provider is asked only if that is empty or Refresh was pressed. */
  private async models(node: ProviderNode): Promise<Node[]> {
    const { server } = this.context;
    const id = nameIn(node);
    let listed: ListModelResult;
    try {
      const refresh = this.stale.delete(id);
      listed = await server.request("model/list", refresh ? { provider: id, refresh } : { provider: id, cached: true });
      if (listed.models.length === 0 && !refresh) {
        listed = await server.request("model/list", { provider: id });
      }
    } catch (error) {
      return [{ kind: "problem", message: failureOf(error).message }];
    }
    // A provider's id stands for all of its connections.
    const problems = listed.errors.filter((one) => sourceOf(one) === id).map(({ error }): Node => ({ kind: "problem", message: error.message }));
    const models = listed.models
      .filter((model) => model.retired !== true && sourceOf(model) === id)
      .map((model): Node => ({ kind: "model", model, active: node.active?.model === model.id }));
    return [...problems, ...models];
  }
}

/** A node for each connection of a provider, or one for a provider that is used without any. */
function nodesOf(provider: Provider, { active, connections, health }: StatusProviderResult): ProviderNode[] {
  const own = connections.filter((one) => one.provider === provider.id);
  if (own.every((one) => ownName(one) === undefined)) {
    return [nodeOf(provider, undefined, active, health)];
  }
  return own.map((one) => {
    const { baseUrl = provider.baseUrl } = one;
    const as = { ...provider, credential: one.credential, connected: true, ...(baseUrl !== undefined && { baseUrl }) };
    return nodeOf(as, ownName(one), active, health);
  });
}

function nodeOf(
  provider: Provider,
  connection: string | undefined,
  active: Connection | null,
  health: readonly Health[],
): ProviderNode {
  const name = connection ?? provider.id;
  const own = health.find((one) => sourceOf(one) === name);
  return {
    kind: "provider",
    provider,
    ...(connection !== undefined && { connection }),
    ...(active?.name === name && { active }),
    ...(own !== undefined && { health: own }),
  };
}

/** The name by which the models of a node are listed. */
function nameIn({ provider, connection }: ProviderNode): string {
  return connection ?? provider.id;
}
