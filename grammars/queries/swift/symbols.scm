; SPDX-License-Identifier: MIT
(class_declaration name: (_) @name) @class
(protocol_declaration name: (type_identifier) @name) @interface
(class_body (function_declaration name: (simple_identifier) @name) @method)
(function_declaration name: (simple_identifier) @name) @function
(protocol_function_declaration name: (simple_identifier) @name) @method
(init_declaration name: "init" @name) @method
(typealias_declaration name: (type_identifier) @name) @type
(class_body (property_declaration name: (pattern) @name) @field)
(source_file (property_declaration name: (pattern) @name) @variable)
(enum_entry name: (simple_identifier) @name) @constant
