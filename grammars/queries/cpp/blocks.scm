; inherits: c
; SPDX-License-Identifier: MIT
(lambda_expression) @function
(class_specifier) @class
(namespace_definition) @module
(declaration_list) @block
