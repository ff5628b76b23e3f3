import * as vscode from "vscode";

/** Counts the answers that are being streamed, so that the status bar can show that a model is busy. */
export class Answering implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private running = 0;

  /** Fired when the first one begins and when the last one ends. */
  readonly onDidChange = this.changed.event;

  get busy(): boolean {
    return this.running > 0;
  }

  /** Counts one answer until it ends, also when it fails. */
  async during<T>(answer: () => Promise<T>): Promise<T> {
    this.running += 1;
    if (this.running === 1) {
      this.changed.fire();
    }
    try {
      return await answer();
    } finally {
      this.running -= 1;
      if (this.running === 0) {
        this.changed.fire();
      }
    }
  }

  dispose(): void {
    this.changed.dispose();
  }
}
