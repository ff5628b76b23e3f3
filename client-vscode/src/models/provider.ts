import * as vscode from "vscode";

import type { Completion, CreateCompletionParams } from "../protocol";
import type { Context } from "../shared/context";
import { forCaller, toEditorError } from "./errors";
import type { ModelInformation } from "./information";
import { type ListingServer, listModels } from "./list";
import { LogInOffer } from "./log-in-offer";
import { toMessages } from "./messages";
import { Report } from "./report";
import { requestOptions, withoutRefused } from "./request";
import { type CompletionServer, cutAnswer, respond } from "./response";
import { type CountingServer, countTokens } from "./tokens";
import { TurnStates } from "./turnStates";

/** The part of the extension's context that the models use. */
export interface ModelsContext extends Pick<Context, "log" | "onDidChangeModels" | "answering"> {
  readonly server: CompletionServer & CountingServer & Pick<Context["server"], "onDidChangeState" | "background">;
}

/** Offers the models of all providers that are connected or have a key to the editor's model picker. */
export class ModelProvider implements vscode.LanguageModelChatProvider<ModelInformation>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly turns = new TurnStates();
  private readonly logInOffer: LogInOffer;
  private readonly subscriptions: readonly { dispose(): unknown }[];
  /** The list that the editor got last, as JSON. */
  private lastList = "";
  /** How many questions of the editor for the models are being answered. */
  private questions = 0;
  private refreshing: Promise<void> | undefined;
  private refreshed = false;

  readonly onDidChangeLanguageModelChatInformation = this.changed.event;

  constructor(private readonly context: ModelsContext) {
    this.logInOffer = new LogInOffer(context);
    this.subscriptions = [
      this.changed,
      context.onDidChangeModels((change) => {
        this.changed.fire();
        if (change === "user") {
          void this.refresh();
        }
      }),
      context.server.onDidChangeState((state) => {
        // If the editor's own question has started the server, its answer is about to follow.
        if (state.kind === "running" && this.questions === 0) {
          this.changed.fire();
        }
      }),
    ];
  }

  /**
   * The models. A silent question is answered from the server's cache: it asks no provider, installs nothing, shows
   * nothing and never fails. Any other may ask the providers, and offers to connect one if there is none.
   */
  async provideLanguageModelChatInformation(
    options: vscode.PrepareLanguageModelChatModelOptions,
    token: vscode.CancellationToken,
  ): Promise<ModelInformation[]> {
    this.questions += 1;
    try {
      const { server } = this.context;
      const cached = await this.list(true, token, options.silent ? server.background : server);
      if (options.silent) {
        return this.listed(cached);
      }
      if (cached.length > 0) {
        void this.refresh();
        return this.listed(cached);
      }
      const live = await this.list(false, token);
      if (live.length > 0) {
        return this.listed(live);
      }
      await vscode.commands.executeCommand("modelport.connect");
      return this.listed(await this.list(false, token));
    } catch (error) {
      if (options.silent) {
        this.context.log.warn("The models are not known: the server does not answer.", error);
        return [];
      }
      throw toEditorError(error, token);
    } finally {
      this.questions -= 1;
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
    const source = sourceIn(model.id);
    const report = new Report(progress, this.context.log);
    try {
      const params = {
        model: model.id,
        messages: toMessages(messages, (turn) => this.turns.recall(source, turn)),
        ...requestOptions(options),
      };
      const completion = await this.context.answering.during(() => this.complete(params, report, token));
      this.turns.remember(answeredBy(completion, source), completion, completion.providerState);
      const cut = cutAnswer(completion);
      if (cut) {
        throw cut;
      }
    } catch (error) {
      void this.logInOffer.make(error, source);
      throw forCaller(toEditorError(error, token), options);
    }
    if (!this.refreshed) {
      // Silent questions never reach the providers. Now the user does use one, so that the lists may be fetched.
      void this.refresh();
    }
  }

  /** Makes the editor ask for the models: after a registration it does so only on a change event. */
  announce(): void {
    this.changed.fire();
  }

  /** The tokens of a text or a message, estimated if it is short or cannot be counted. */
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

  /** Makes the completion; tries again without each parameter that the server refuses, since those are only hints. */
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

  /** Asks the providers for their lists, and notifies the editor if anything has changed. One at a time. */
  private refresh(): Promise<void> {
    this.refreshing ??= this.fetchLists().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private async fetchLists(): Promise<void> {
    try {
      const models = await this.list(false);
      this.refreshed = true;
      if (JSON.stringify(models) !== this.lastList) {
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

  private listed(models: ModelInformation[]): ModelInformation[] {
    this.lastList = JSON.stringify(models);
    return models;
  }
}

/** The provider or the connection in front of a model. */
function sourceIn(model: string): string {
  return model.split("/", 1)[0] ?? model;
}

/** Whose state comes with an answer: that of the connection that was asked, or of the provider that stood in for it. */
function answeredBy({ provider, attempts }: Completion, source: string): string {
  return attempts.length > 0 && attempts.every((attempt) => attempt.provider === provider) ? source : provider;
}
