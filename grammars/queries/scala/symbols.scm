; SPDX-License-Identifier: MIT
(package_object name: (identifier) @name) @module
(class_definition name: (identifier) @name) @class
(object_definition name: (identifier) @name) @class
(trait_definition name: (identifier) @name) @interface
(enum_definition name: (identifier) @name) @enum
(template_body (function_definition name: (identifier) @name) @method)
(template_body (function_declaration name: (identifier) @name) @method)
(function_definition name: (identifier) @name) @function
(type_definition name: (type_identifier) @name) @type
(template_body (val_definition pattern: (identifier) @name) @field)
(template_body (var_definition pattern: (identifier) @name) @field)
