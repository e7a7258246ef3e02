// What another system asked to be shown (IHE RAD-106): found in the archive and opened, or said why it cannot be.

import { useEffect, useState, type JSX } from 'react';
import { invoked, readInvocation } from '../core/invocation';
import { t } from '../core/language';
import { SITE } from '../net/site';
import { navigate } from './place';
import { useServices } from './services';

const MOST = 200;

export function InvokedPage(): JSX.Element {
  const { client } = useServices();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const given = new Map([...new URLSearchParams(location.search)].map(([name, value]) => [name.toLowerCase(), value.trim()]));
    const asked = readInvocation((name) => given.get(name) ?? '');
    const controller = new AbortController();
    const show = async (): Promise<string> => {
      if (typeof asked === 'string') return asked;
      const answers = await Promise.all(asked.searches.map((keys) => client.searchStudies(keys, MOST, 0, controller.signal)));
      const studies = invoked(asked, answers.flat());
      if (typeof studies === 'string') return studies;
      if (!controller.signal.aborted) navigate({ page: 'viewer', studies, series: '', instance: '' }, true);
      return '';
    };
    show().then(setProblem, (error: unknown) => {
      if (!controller.signal.aborted) setProblem((error as Error).message);
    });
    return () => controller.abort();
  }, [client]);
  return problem ? (
    <main className="page-failed" role="alert">
      <h1>{t('This cannot be shown')}</h1>
      <p>{problem}</p>
      <a className="button" href={`${SITE}/`}>{t('To the study list')}</a>
    </main>
  ) : (
    <div className="page-loading" aria-busy="true" />
  );
}
