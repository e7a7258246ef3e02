// A small picture of a series or object, fetched through the queue when it comes into sight.

import { FileText } from 'lucide-react';
import { useEffect, useRef, useState, type JSX } from 'react';
import type { Instance } from '../../core/stack';
import { connection } from '../../net/connection';
import { slideThumbnail } from '../../net/slide-thumbnail';
import { useServices } from '../services';

interface Props {
  study: string;
  series: string;
  /** Of this object instead of the series. */
  instance?: string | undefined;
  /** Of the slide that these are. */
  slide?: readonly Instance[] | undefined;
  label: string;
  /** There is a picture to ask for. */
  pictured: boolean;
}

export function Thumbnail({ study, series, instance, slide, label, pictured }: Props): JSX.Element {
  const { client, queue } = useServices();
  const frame = useRef<HTMLDivElement>(null);
  const [url, setUrl] = useState('');
  const [missing, setMissing] = useState(false);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!missing) return undefined;
    return connection.restored.listen(() => {
      setMissing(false);
      setAttempt((count) => count + 1);
    });
  }, [missing]);
  useEffect(() => {
    const element = frame.current;
    if (!element || !pictured) return undefined;
    let made = '';
    let cancel = (): void => undefined;
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return;
      observer.disconnect();
      const ticket = queue.add('thumbnail', (signal) =>
        slide ? slideThumbnail(client, study, series, slide, signal) : instance ? client.instanceThumbnail({ study, series, instance }, signal) : client.thumbnail(study, series, signal),
      );
      cancel = () => ticket.cancel();
      ticket.result.then(
        (blob) => setUrl((made = URL.createObjectURL(blob))),
        () => setMissing(true),
      );
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      cancel();
      if (made) URL.revokeObjectURL(made);
    };
  }, [client, queue, study, series, instance, slide, pictured, attempt]);
  const absent = missing || !pictured;
  return (
    <div className="thumbnail" ref={frame} data-state={url ? 'ready' : absent ? 'missing' : 'loading'}>
      {url ? <img src={url} alt={label} draggable={false} onError={() => setMissing(true)} /> : null}
      {absent && !url ? <FileText size={24} strokeWidth={1.25} aria-hidden="true" /> : null}
    </div>
  );
}
