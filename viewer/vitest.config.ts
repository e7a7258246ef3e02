import { defineConfig } from 'vitest/config';

export default defineConfig({ assetsInclude: ['tests/data/*'], test: { include: ['tests/**/*.test.ts'], environment: 'node', css: true } });
