import * as vscode from "vscode";

/** The answers that are being streamed now, for whoever shows that there is something going on. */
export class Answering implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private underWay = 0;

  /** Fired when the first one begins and when the last one ends. */
  readonly onDidChange = this.changed.event;

  get busy(): boolean {
    return this.underWay > 0;
  }

  /** Counts one answer until it has ended, however it ends. */
  async during<T>(answer: () => Promise<T>): Promise<T> {
    this.underWay += 1;
    if (this.underWay === 1) {
      this.changed.fire();
    }
    try {
      return await answer();
    } finally {
      this.underWay -= 1;
      if (this.underWay === 0) {
        this.changed.fire();
      }
    }
  }

  dispose(): void {
    this.changed.dispose();
  }
}
