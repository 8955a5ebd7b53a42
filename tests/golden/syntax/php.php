<h1>Hello<|></h1>
<?php
// Users.<|>
namespace App;

const LIMIT = 10;

interface Named { public function name(): string; }

class User implements Named
{
    private string $name = 'x<|>';

    public function name(): string
    {
        return "name: {$this->name}<|>";
    }
}

function load($id)
{
    <|>
}
