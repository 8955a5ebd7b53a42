; SPDX-License-Identifier: MIT
(class_definition name: (identifier) @name) @class
(class_definition body: (block (function_definition name: (identifier) @name) @method))
(class_definition
  body: (block (decorated_definition definition: (function_definition name: (identifier) @name) @method)))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name)) @field))
(function_definition name: (identifier) @name) @function
(module (expression_statement (assignment left: (identifier) @name)) @variable)
(type_alias_statement left: (type (identifier) @name)) @type
