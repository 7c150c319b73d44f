import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import { defineConfig } from "eslint/config";
import globals from "globals";
import tseslint from "typescript-eslint";

const pure = "core is pure: take it as an argument.";
const impureGlobals = [
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "process",
  "fetch",
  "performance",
];
const clock = "Use Clock.";
const newDate = { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: clock };
const dateCall = { selector: "CallExpression[callee.name='Date']", message: clock };
const dateNow = { object: "Date", property: "now", message: clock };
const performanceNow = { object: "performance", property: "now", message: clock };

export default defineConfig(
  { ignores: ["**/dist/**", "**/.build/**", "**/coverage/**", "scripts/*.d.ts"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  {
    files: ["**/*.mjs", "**/*.js"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: globals.node },
  },
  {
    files: ["**/*.js"],
    languageOptions: { sourceType: "commonjs" },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  {
    files: ["**/*.ts"],
    rules: {
      eqeqeq: "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // const { secret: _secret, ...rest } = row; drops a field.
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", destructuredArrayIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      "@typescript-eslint/no-invalid-void-type": "off", // Task<void> is a real type here
      "@typescript-eslint/unified-signatures": "off", // overloads read better than unions in the public API
    },
  },
  {
    files: ["packages/*/src/**/*.ts"],
    plugins: { "import-x": importX },
    settings: {
      ...importX.flatConfigs.typescript.settings,
      "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".js"] })],
    },
    rules: {
      "no-console": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/explicit-member-accessibility": ["error", { accessibility: "no-public" }],
      "@typescript-eslint/prefer-readonly": "error",
      "import-x/no-cycle": "error",
      "import-x/no-default-export": "error",
      // A package may import only what its package.json declares under dependencies, and only by name.
      "import-x/no-extraneous-dependencies": [
        "error",
        { devDependencies: false, includeInternal: true, includeTypes: true },
      ],
      "import-x/no-relative-packages": "error",
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["@perdure/*/dist/*", "@perdure/*/src/*"], message: "Import the package." }] },
      ],
      "no-restricted-properties": ["error", dateNow, performanceNow],
      "no-restricted-syntax": ["error", newDate, dateCall],
    },
  },
  {
    files: ["packages/core/src/**/*.ts"],
    rules: {
      "no-restricted-globals": ["error", ...impureGlobals.map((name) => ({ name, message: pure }))],
      "no-restricted-properties": ["error", dateNow, { object: "Math", property: "random", message: pure }],
      "no-restricted-syntax": [
        "error",
        newDate,
        dateCall,
        {
          selector: ":function[async=true]",
          message: "core is synchronous: user code that awaits is run by worker.",
        },
        { selector: "TSEnumDeclaration", message: "Use a union of string literals." },
      ],
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "^(?!\\.{1,2}/|node:crypto$)", message: pure }] },
      ],
    },
  },
  {
    // The one place that reads the wall clock.
    files: ["packages/core/src/system-clock.ts"],
    rules: {
      "no-restricted-globals": "off",
      "no-restricted-properties": "off",
      "no-restricted-syntax": "off",
    },
  },
  {
    files: [
      "packages/*/test/**/*.{ts,js}",
      "packages/backend-conformance/src/**/*.ts",
      "samples/**/*.ts",
      "benchmarks/**/*.ts",
    ],
    rules: {
      "require-yield": "off", // an orchestrator that waits for nothing
      "@typescript-eslint/require-await": "off", // an activity that waits for nothing
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-empty-function": "off",
    },
  },
  {
    files: ["packages/*/test/**/*.ts", "samples/test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-base-to-string": "off",
      "@typescript-eslint/no-confusing-void-expression": "off",
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/only-throw-error": "off",
      "@typescript-eslint/no-unnecessary-condition": "off",
    },
  },
  {
    // As people begin with them: activities that will wait for something, tests of node:test.
    files: ["packages/cli/templates/**/*.ts"],
    rules: {
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-floating-promises": "off",
    },
  },
  {
    files: ["packages/*/test/**/*.test-d.ts"],
    rules: {
      "@typescript-eslint/no-unused-vars": "off",
      "@typescript-eslint/no-unused-expressions": "off",
      "@typescript-eslint/no-floating-promises": "off",
    },
  },
  prettier,
);
