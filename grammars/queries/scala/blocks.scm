; SPDX-License-Identifier: MIT
[(function_definition) (lambda_expression)] @function
[(class_definition) (object_definition) (trait_definition) (enum_definition) (package_object)] @class
[(block) (template_body) (indented_block) (case_block) (enum_body)] @block
