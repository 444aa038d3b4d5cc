/** What every Graph host of Meta does alike: parameters, fields, paging, errors, times. */
export * from "./answers.ts";
export * from "./date-text.ts";
export * from "./edge-field.ts";
export * from "./error.ts";
export * from "./field-list.ts";
export * from "./node-fields.ts";
export * from "./pacific-days.ts";
export * from "./paging.ts";
export * from "./params.ts";
