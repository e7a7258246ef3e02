// Renders /api/openapi.json; asks this server only.

const make = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

const resolve = (document_, schema) => {
  if (!schema?.$ref) return schema ?? {};
  return schema.$ref.slice(2).split('/').reduce((part, name) => part[name], document_);
};

// An example value of a schema, so that a reader sees the shape at once.
const example = (document_, schema, depth = 0) => {
  const plain = resolve(document_, schema);
  if (depth > 6) return '…';
  if (plain.anyOf) return example(document_, plain.anyOf[0], depth + 1);
  if (plain.type === 'array') return [example(document_, plain.items, depth + 1)];
  if (plain.properties) {
    return Object.fromEntries(Object.entries(plain.properties).map(([name, s]) => [name, example(document_, s, depth + 1)]));
  }
  return plain.format ?? plain.type ?? 'any';
};

const responses = (document_, operation) => {
  const rows = Object.entries(operation.responses ?? {}).map(([status, response]) => {
    const schema = response.content?.['application/json']?.schema;
    const shape = schema ? [make('pre', {}, JSON.stringify(example(document_, schema), null, 2))] : [];
    return make('tr', {}, make('td', {}, make('code', {}, status)), make('td', {}, response.description ?? '', ...shape));
  });
  return make('table', {}, ...rows);
};

const form = (path, method, operation) => {
  const output = make('pre', { hidden: '' });
  const inputs = (operation.parameters ?? []).map((parameter) => {
    const input = make('input', { name: parameter.name, 'data-in': parameter.in, autocomplete: 'off' });
    input.required = parameter.required ?? false;
    return make('label', {}, make('code', {}, parameter.name), ` ${parameter.description ?? ''}`, input);
  });
  const element = make('form', {}, ...inputs, make('button', {}, `Send ${method.toUpperCase()}`), output);
  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    let target = path;
    for (const input of element.querySelectorAll('input')) {
      if (input.dataset.in === 'path') target = target.replace(`{${input.name}}`, encodeURIComponent(input.value));
      else if (input.value) query.set(input.name, input.value);
    }
    const response = await fetch(`/api${target}${query.size ? `?${query}` : ''}`, { method: method.toUpperCase() });
    const isText = /json|text/.test(response.headers.get('content-type') ?? '');
    const body = isText ? await response.text() : `${(await response.blob()).size} bytes`;
    let shown = body;
    try { shown = JSON.stringify(JSON.parse(body), null, 2); } catch { /* not JSON: shown as it is */ }
    output.textContent = `${response.status} ${response.statusText}\n\n${shown}`;
    output.hidden = false;
  });
  return element;
};

const operation = (document_, path, method, details) => make('details', {},
  make('summary', {},
    make('span', { class: `method ${method}` }, method.toUpperCase()),
    make('code', {}, `/api${path}`),
    make('span', { class: 'summary' }, details.summary ?? '')),
  make('div', {},
    make('p', {}, details.description ?? ''),
    make('h3', {}, 'Try it'), form(path, method, details),
    make('h3', {}, 'Answers'), responses(document_, details)));

const description = await (await fetch('/api/openapi.json')).json();
document.querySelector('#about').replaceChildren(
  `Version ${description.info.version}. ${description.info.description.replaceAll('`', '')} The description for programs is `,
  make('a', { href: '/api/openapi.json' }, '/api/openapi.json'), '.');
for (const [path, methods] of Object.entries(description.paths)) {
  for (const [method, details] of Object.entries(methods)) {
    document.querySelector('#operations').append(operation(description, path, method, details));
  }
}
