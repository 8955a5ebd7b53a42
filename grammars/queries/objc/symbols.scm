; inherits: c
; SPDX-License-Identifier: MIT
(class_interface . (identifier) @name) @class
(class_implementation . (identifier) @name) @class
(protocol_declaration . (identifier) @name) @interface
(method_definition (identifier) @name) @method
(method_declaration (identifier) @name) @method
