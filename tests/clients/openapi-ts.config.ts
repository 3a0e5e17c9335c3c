// For @hey-api/openapi-ts.
export default {
  input: "openapi.json",
  output: { path: "generated/hey_api", module: { extension: ".js" } },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
};
