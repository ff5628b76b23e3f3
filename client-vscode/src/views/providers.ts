import * as vscode from "vscode";

import type { Connection, Health, ListModelResult, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { failureOf } from "../shared/failure";
import { isReady } from "../shared/origin";
import { modelItem, type ModelNode, problemItem, type ProblemNode, providerItem, type ProviderNode } from "./nodes";

type Node = ProviderNode | ModelNode | ProblemNode;

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
  /** Whether the last call of each provider succeeded. */
  private readonly succeeded = new Map<string, boolean>();

  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly context: Context) {
    this.subscriptions = vscode.Disposable.from(
      this.changed,
      context.onDidChangeModels(() => this.changed.fire(undefined)),
      context.server.onNotification("usage/updated", ({ call }) => {
        const succeeded = call.outcome !== "failed";
        if (this.succeeded.get(call.provider) !== succeeded) {
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
    this.subscriptions.dispose();
  }

  /** Fetches everything again; also tries to start a server that has failed to start. */
  async refresh(): Promise<void> {
    try {
      const { providers } = await this.inUse();
      for (const { id } of providers) {
        this.stale.add(id);
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
    }
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node === undefined) {
      return this.providers();
    }
    return node.kind === "provider" ? this.models(node) : [];
  }

  private async providers(): Promise<Node[]> {
    const failed = this.context.server.state.kind === "failed";
    void vscode.commands.executeCommand("setContext", "modelport.failed", failed);
    if (failed) {
      // The view shows its text for a failed server; showing it must not start the server again.
      return [];
    }
    try {
      const { providers, active, health } = await this.inUse();
      return providers.map((provider) => nodeOf(provider, active, health));
    } catch (error) {
      this.context.log.debug(`The providers cannot be shown: ${failureOf(error).message}`);
      return [];
    }
  }

  private async inUse(): Promise<{ providers: Provider[]; active: Connection | null; health: readonly Health[] }> {
    const { server } = this.context;
    const [{ providers }, { active, health }] = await Promise.all([
      server.request("provider/list", {}),
      server.request("provider/status", {}),
    ]);
    return { providers: providers.filter((provider) => provider.supported && isReady(provider)), active, health };
  }

  /** The models from the server's cache; the provider is asked only if that is empty or Refresh was pressed. */
  private async models(node: ProviderNode): Promise<Node[]> {
    const { server } = this.context;
    const { id } = node.provider;
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
    const problems = listed.errors.map(({ error }): Node => ({ kind: "problem", message: error.message }));
    const models = listed.models
      .filter((model) => model.retired !== true)
      .map((model): Node => ({ kind: "model", model, active: node.active?.model === model.id }));
    return [...problems, ...models];
  }
}

function nodeOf(provider: Provider, active: Connection | null, health: readonly Health[]): ProviderNode {
  const own = health.find((one) => one.provider === provider.id);
  return {
    kind: "provider",
    provider,
    ...(active?.provider === provider.id && { active }),
    ...(own !== undefined && { health: own }),
  };
}
