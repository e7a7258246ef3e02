"""OHIF's built viewer, made ready for a fair comparison: minified and compressed as a site would deploy it.

npm's package is not minified (17 MB of one file); measured as it comes it would lose time that its users do not lose.
"""

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_FETCHED = _ROOT / ".cache" / "ohif"
READY = _ROOT / ".cache" / "ohif-minified"
_MINIFY = """
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
const require = createRequire(process.argv[1]);
const { minifySync } = await import(require.resolve('rolldown/utils'));
for (const file of JSON.parse(readFileSync(0, 'utf8')))
  writeFileSync(file, minifySync(file, readFileSync(file, 'utf8')).code);
"""
_CONFIGURATION = {
    "name": "bench", "routerBasename": None, "extensions": [], "modes": [], "customizationService": {},
    "showStudyList": True, "maxNumberOfWebWorkers": 3, "showLoadingIndicator": True,
    "showWarningMessageForCrossOrigin": False, "showCPUFallbackMessage": False, "strictZSpacingForVolumeViewport": True,
    "maxNumRequests": {"interaction": 100, "thumbnail": 5, "prefetch": 25},
    "investigationalUseDialog": {"option": "never"}, "defaultDataSourceName": "dicomweb",
    "dataSources": [{
        "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb", "sourceName": "dicomweb",
        "configuration": {
            "friendlyName": "bench", "name": "bench", "qidoRoot": "/dicom-web", "wadoRoot": "/dicom-web",
            "wadoUriRoot": "/wado", "qidoSupportsIncludeField": True, "supportsReject": False,
            "imageRendering": "wadors", "thumbnailRendering": "wadors", "enableStudyLazyLoad": True,
            "supportsFuzzyMatching": False, "supportsWildcard": True, "omitQuotationForMultipartRequest": True,
            "bulkDataURI": {"enabled": True},
        },
    }],
}  # fmt: skip


def ready() -> Path:
    """Return the folder of OHIF, minified, with a compressed copy of each file; made when it is not there."""
    stamp = READY / "ready"
    subprocess.run([sys.executable, str(_ROOT / "tools" / "fetch_ohif.py")], check=True)
    version = (_FETCHED / "version").read_text()
    if stamp.exists() and stamp.read_text() == version:
        return READY
    shutil.rmtree(READY, ignore_errors=True)
    shutil.copytree(_FETCHED, READY)
    scripts = [str(path) for path in READY.rglob("*.js")]
    package = _ROOT / "viewer" / "package.json"
    subprocess.run(
        ["node", "--input-type=module", "--eval", _MINIFY, str(package)], input=json.dumps(scripts).encode(), check=True
    )
    text = json.dumps(_CONFIGURATION)
    (READY / "app-config.js").write_text(
        f"window.config = Object.assign({text}, {{ httpErrorHandler: (error) => console.warn('HTTP', error.status) }});"
    )
    for path in [each for each in READY.rglob("*") if each.suffix in {".js", ".css", ".html", ".wasm", ".json"}]:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9))
    stamp.write_text(version)
    return READY
