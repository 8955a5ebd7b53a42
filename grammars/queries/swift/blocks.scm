; SPDX-License-Identifier: MIT
[(function_declaration) (init_declaration) (deinit_declaration) (lambda_literal) (subscript_declaration)] @function
[(class_declaration) (protocol_declaration)] @class
[(function_body) (class_body) (enum_class_body) (protocol_body) (statements)] @block
