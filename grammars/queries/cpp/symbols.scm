; inherits: c
; SPDX-License-Identifier: MIT
(class_specifier name: (type_identifier) @name body: (field_declaration_list)) @class
(namespace_definition name: (namespace_identifier) @name) @module
(alias_declaration name: (type_identifier) @name) @type
(concept_definition name: (identifier) @name) @interface
(function_definition declarator: (function_declarator declarator: (field_identifier) @name)) @method
(function_definition declarator: (function_declarator declarator: (qualified_identifier) @name)) @method
(function_definition declarator: (function_declarator declarator: (destructor_name) @name)) @method
(function_definition declarator: (function_declarator declarator: (operator_name) @name)) @method
(function_definition
  declarator: (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @name))) @method
(function_definition
  declarator: (pointer_declarator declarator: (function_declarator declarator: (qualified_identifier) @name))) @method
(function_definition
  declarator: (reference_declarator (function_declarator declarator: (identifier) @name))) @function
(function_definition
  declarator: (reference_declarator (function_declarator declarator: (field_identifier) @name))) @method
(function_definition
  declarator: (reference_declarator (function_declarator declarator: (qualified_identifier) @name))) @method
