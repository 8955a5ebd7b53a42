; SPDX-License-Identifier: MIT
(class_declaration name: (identifier) @name) @class
(object_declaration name: (identifier) @name) @class
(class_body (function_declaration name: (identifier) @name) @method)
(function_declaration name: (identifier) @name) @function
(type_alias type: (identifier) @name) @type
(source_file (property_declaration (variable_declaration . (identifier) @name)) @variable)
(class_body (property_declaration (variable_declaration . (identifier) @name)) @field)
(enum_entry . (identifier) @name) @constant
