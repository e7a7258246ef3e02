// What stands in place of a page whose drawing failed: why, and a way on. What is kept in the archive is not touched by it.

import { RefreshCw } from 'lucide-react';
import { Component, type JSX, type ReactNode } from 'react';
import { t } from '../../core/language';
import { version } from '../../net/version';

interface State {
  message: string | undefined;
}

export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { message: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override componentDidCatch(): void {
    void version.isNewer();
  }

  override render(): ReactNode {
    const { message } = this.state;
    return message === undefined ? this.props.children : <Failed message={message} />;
  }
}

function Failed({ message }: { message: string }): JSX.Element {
  return (
    <main className="page-failed" role="alert">
      <RefreshCw size={40} strokeWidth={1.25} aria-hidden="true" />
      <h1>{t('The viewer could not go on')}</h1>
      <p>{message}</p>
      <button type="button" className="button" onClick={() => location.reload()}>{t('Load the page again')}</button>
    </main>
  );
}
