// Where the archive is for this page: below the address that the page was loaded from, which may have a path before it where a
// proxy shows the archive there.

/** "" at the top of a host, "/imaging" below such a path. */
export const SITE = typeof document === 'undefined' ? '' : new URL('.', document.baseURI).pathname.slice(0, -1);
export const API = `${SITE}/api`;
export const DICOM_WEB = `${SITE}/dicom-web`;
