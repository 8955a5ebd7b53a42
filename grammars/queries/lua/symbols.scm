; SPDX-License-Identifier: MIT
(function_declaration name: (identifier) @name) @function
(function_declaration name: (dot_index_expression) @name) @function
(function_declaration name: (method_index_expression) @name) @method
(chunk (variable_declaration (assignment_statement (variable_list name: (identifier) @name))) @variable)
(chunk (assignment_statement (variable_list name: (identifier) @name)) @variable)
