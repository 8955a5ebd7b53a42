; SPDX-License-Identifier: MIT
[(function_declaration) (method_declaration) (func_literal)] @function
(type_declaration) @type
[(block) (statement_list) (field_declaration_list) (interface_type)] @block
