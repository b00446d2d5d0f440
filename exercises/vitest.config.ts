import { defineConfig } from 'vitest/config';
import everyday from '../vitest.config.ts';

/** The tests of the exercises run like all others, but only when somebody asks for them. */
export default defineConfig({ test: { ...everyday.test, include: ['exercises/*/exercise.test.ts'] } });
