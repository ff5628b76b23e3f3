import * as vscode from "vscode";

import type { Completion, CreateCompletionParams } from "../protocol";
import type { Context } from "../shared/context";
import { forAsker, toEditorError } from "./errors";
import type { ModelInformation } from "./information";
import { type ListingServer, listModels } from "./list";
import { toMessages } from "./messages";
import { Report } from "./report";
import { requestOptions, withoutRefused } from "./request";
import { type CompletionServer, respond } from "./response";
import { type CountingServer, countTokens } from "./tokens";
import { TurnStates } from "./turnStates";

/** What the models need of the extension. */
export interface ModelsContext extends Pick<Context, "log" | "onDidChangeModels" | "answering"> {
  readonly server: CompletionServer & CountingServer & Pick<Context["server"], "onDidChangeState" | "unasked">;
}

/** The models of every provider that is connected or has a key, in the editor's own model picker and interface. */
export class ModelProvider implements vscode.LanguageModelChatProvider<ModelInformation>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly turns = new TurnStates();
  private readonly subscriptions: vscode.Disposable[];
  /** What the editor was told last. */
  private told = "";
  private asking = 0;
  private refreshing: Promise<void> | undefined;
  private refreshed = false;

  readonly onDidChangeLanguageModelChatInformation = this.changed.event;

  constructor(private readonly context: ModelsContext) {
    this.subscriptions = [
      this.changed,
      context.onDidChangeModels((change) => {
        this.changed.fire();
        if (change === "user") {
          void this.refresh();
        }
      }),
      context.server.onDidChangeState((state) => {
        // A server that was started for the editor's own question is about to answer it.
        if (state.kind === "running" && this.asking === 0) {
          this.changed.fire();
        }
      }),
    ];
  }

  /**
   * The models. A silent question asks nobody, installs nothing and shows nothing: it is answered from what the server
   * knows, and never with an error. Any other may ask the providers, and offers to connect one where there is none.
   */
  async provideLanguageModelChatInformation(
    options: vscode.PrepareLanguageModelChatModelOptions,
    token: vscode.CancellationToken,
  ): Promise<ModelInformation[]> {
    this.asking += 1;
    try {
      const { server } = this.context;
      const known = await this.list(true, token, options.silent ? server.unasked : server);
      if (options.silent) {
        return this.tell(known);
      }
      if (known.length > 0) {
        void this.refresh();
        return this.tell(known);
      }
      const asked = await this.list(false, token);
      if (asked.length > 0) {
        return this.tell(asked);
      }
      await vscode.commands.executeCommand("modelport.connect");
      return this.tell(await this.list(false, token));
    } catch (error) {
      if (options.silent) {
        this.context.log.warn("The models are not known: the server does not answer.", error);
        return [];
      }
      throw toEditorError(error, token);
    } finally {
      this.asking -= 1;
    }
  }

  /** Streams an answer. */
  async provideLanguageModelChatResponse(
    model: ModelInformation,
    messages: readonly vscode.LanguageModelChatRequestMessage[],
    options: vscode.ProvideLanguageModelChatResponseOptions,
    progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const provider = providerOf(model.id);
    const report = new Report(progress, this.context.log);
    try {
      const params = {
        model: model.id,
        messages: toMessages(messages, (turn) => this.turns.recall(provider, turn)),
        ...requestOptions(options),
      };
      const completion = await this.context.answering.during(() => this.complete(params, report, token));
      this.turns.remember(completion.provider, completion, completion.providerState);
    } catch (error) {
      throw forAsker(toEditorError(error, token), options);
    }
    if (!this.refreshed) {
      // Silent questions never reach the providers. Whoever is answered uses one now, so its list may be read as well.
      void this.refresh();
    }
  }

  /** Makes the editor ask for the models: of a provider that has just registered it does so on a change only. */
  announce(): void {
    this.changed.fire();
  }

  /** The tokens of a text or a message, estimated where it is not worth asking. */
  provideTokenCount(
    model: ModelInformation,
    text: string | vscode.LanguageModelChatRequestMessage,
    token: vscode.CancellationToken,
  ): Promise<number> {
    return countTokens(this.context.server, model.id, text, token);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) {
      subscription.dispose();
    }
  }

  /** Asks once more without what the server refuses, as long as it is a parameter that the caller only suggested. */
  private async complete(
    params: CreateCompletionParams,
    report: Report,
    token: vscode.CancellationToken,
  ): Promise<Completion> {
    try {
      return await respond(this.context.server, params, report, this.context.log, token);
    } catch (error) {
      const parameters = report.begun ? undefined : withoutRefused(params.parameters ?? {}, error);
      if (parameters === undefined) {
        throw error;
      }
      this.context.log.info(`${error instanceof Error ? error.message : ""} It is left out.`);
      return await this.complete({ ...params, parameters }, report, token);
    }
  }

  /** Asks the providers, and tells the editor where that leads to another list. One at a time. */
  private refresh(): Promise<void> {
    this.refreshing ??= this.askAgain().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private async askAgain(): Promise<void> {
    try {
      const models = await this.list(false);
      this.refreshed = true;
      if (JSON.stringify(models) !== this.told) {
        this.changed.fire();
      }
    } catch (error) {
      this.context.log.warn("The models could not be listed again.", error);
    }
  }

  private list(
    cached: boolean,
    token?: vscode.CancellationToken,
    server: ListingServer = this.context.server,
  ): Promise<ModelInformation[]> {
    return listModels(server, cached, this.context.log, token);
  }

  private tell(models: ModelInformation[]): ModelInformation[] {
    this.told = JSON.stringify(models);
    return models;
  }
}

function providerOf(model: string): string {
  return model.split("/", 1)[0] ?? model;
}
