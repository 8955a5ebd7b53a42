; SPDX-License-Identifier: MIT
(function_declaration name: (identifier) @name) @function
(test_declaration (string) @name) @function
(variable_declaration . (identifier) @name (struct_declaration)) @struct
(variable_declaration . (identifier) @name (union_declaration)) @struct
(variable_declaration . (identifier) @name (enum_declaration)) @enum
(source_file (variable_declaration . (identifier) @name) @variable)
