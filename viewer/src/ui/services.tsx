// What all pages share: the DICOMweb client and the request queue. The viewer's heavy parts are made by the viewer page.

import { createContext, useContext, type JSX, type ReactNode } from 'react';
import { DicomWebClient } from '../net/dicomweb';
import { RequestQueue } from '../net/queue';
import { LocalFiles } from './local-files';
import { Uploads } from './uploads';

export interface Services {
  client: DicomWebClient;
  queue: RequestQueue;
  local: LocalFiles;
  uploads: Uploads;
}

const Context = createContext<Services | undefined>(undefined);

export function ServicesProvider({ children, services }: { children: ReactNode; services: Services }): JSX.Element {
  return <Context.Provider value={services}>{children}</Context.Provider>;
}

export function useServices(): Services {
  const services = useContext(Context);
  if (!services) throw new Error('No services above this component');
  return services;
}

export const createServices = (): Services => ({ client: new DicomWebClient(), queue: new RequestQueue(), local: new LocalFiles(), uploads: new Uploads() });
