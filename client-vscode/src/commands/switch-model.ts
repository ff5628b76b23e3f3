import * as vscode from "vscode";

import { selectorOf } from "../models/information";
import type { Connection, ListModelResult, Model, Provider } from "../protocol";
import { modelDetail } from "../shared/amounts";
import type { Context } from "../shared/context";
import { shownName, sourceOf, type Sourced } from "../shared/naming";
import { findProvider } from "./choose-provider";
import { connect, connectTo } from "./connect";
import { type Action, type Choice, grouped, heading, pick } from "./pick";

/** The picked row: a model, or a provider whose models could not be listed. */
type Picked = { readonly model: Model } | { readonly unlisted: Sourced };

/** Lets the user choose the default model for requests without one. */
export async function switchModel(context: Context): Promise<void> {
  let refresh = false;
  const reload: Action = {
    iconPath: new vscode.ThemeIcon("refresh"),
    tooltip: vscode.l10n.t("Ask the providers again"),
    run: (again) => {
      refresh = true;
      again();
    },
  };
  const picked = await pick<Picked>({
    title: vscode.l10n.t("Switch Model"),
    placeholder: vscode.l10n.t("Choose the model to use"),
    empty: vscode.l10n.t("No provider is connected that has models"),
    buttons: [reload],
    load: async (show, token) => {
      const [{ active }, { providers }, models] = await Promise.all([
        context.server.request("provider/status", {}, token),
        context.server.request("provider/list", {}, token),
        context.server.request("model/list", refresh ? { refresh } : {}, token),
      ]);
      show(choicesOf(models, providers, active));
    },
  });
  if (picked === undefined) {
    return;
  }
  if ("unlisted" in picked) {
    await connect(context, picked.unlisted.provider, picked.unlisted.connection);
  } else {
    await chooseModel(context, picked.model);
  }
}

/** Makes a model the default for requests without one, and selects it in the editor's chat. */
export async function chooseModel(context: Context, model: Model): Promise<void> {
  const provider = await findProvider(context, model.provider);
  if (provider === undefined) {
    return;
  }
  // The provider has just listed the model: there is nothing to check.
  const connection = await connectTo(context, provider, {
    ...(model.connection !== undefined && { name: model.connection }),
    model: model.id,
    verify: false,
  });
  if (connection === undefined) {
    return;
  }
  try {
    await vscode.commands.executeCommand("workbench.action.chat.changeModel", selectorOf(model));
  } catch (error) {
    context.log.debug(`The editor's chat keeps its model: ${String(error)}`);
  }
  const name = connection.model ?? model.id;
  vscode.window.setStatusBarMessage(vscode.l10n.t("{0} uses {1} now.", "Modelport", name), 5_000);
}

/** Copies the id by which a request names a model. */
export async function copyModelId(model: Model): Promise<void> {
  const { id } = selectorOf(model);
  await vscode.env.clipboard.writeText(id);
  vscode.window.setStatusBarMessage(vscode.l10n.t("Copied {0}.", id), 3_000);
}

function choicesOf(
  { models, errors }: ListModelResult,
  providers: readonly Provider[],
  active: Connection | null,
): Choice<Picked>[] {
  const nameOf = ({ provider: id, connection }: Sourced) =>
    shownName(providers.find((provider) => provider.id === id)?.displayName ?? id, connection);
  const served = models.filter((model) => model.retired !== true);
  const names = served.map(nameIn);
  const choices: Choice<Picked>[] = grouped(
    served,
    nameOf,
    (model) => {
      const current = sourceOf(model) === active?.name && model.id === active.model;
      // A search leaves the headings out.
      const several = names.filter((name) => name === nameIn(model)).length > 1;
      return choiceOf(model, current, several ? nameOf(model) : "");
    },
  );
  if (errors.length > 0) {
    choices.push(heading(vscode.l10n.t("Could not be listed")));
  }
  for (const unlisted of errors) {
    choices.push({
      label: `$(warning) ${nameOf(unlisted)}`,
      detail: unlisted.error.message,
      key: sourceOf(unlisted),
      value: { unlisted },
    });
  }
  return choices;
}

function nameIn(model: Model): string {
  return model.displayName ?? model.id;
}

function choiceOf(model: Model, current: boolean, source: string): Choice<Picked> {
  const copy: Action = {
    iconPath: new vscode.ThemeIcon("copy"),
    tooltip: vscode.l10n.t("Copy Model Id"),
    run: () => copyModelId(model),
  };
  const name = nameIn(model);
  const words = [name === model.id ? "" : model.id, source, current ? vscode.l10n.t("in use") : ""];
  return {
    label: current ? `$(check) ${name}` : name,
    description: words.filter(Boolean).join(" · "),
    detail: [modelDetail(model), model.notice].filter(Boolean).join(" · "),
    buttons: [copy],
    key: selectorOf(model).id,
    value: { model },
  };
}
